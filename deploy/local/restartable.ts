import type { Child, Exit } from './child.ts'

/** A server that can be taken away and brought back on the same ports. Whoever starts it stops it. */
export interface Restartable extends AsyncDisposable {
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** Settles when the process that runs now has ended. */
  readonly exited: Promise<Exit>
  /** Every line that the process that runs now, or ran last, has written. */
  lines(): readonly string[]
  /** Sends a signal, SIGKILL unless told. `await exited` tells when a fatal one has done its work. */
  kill(signal?: NodeJS.Signals): void
  /** Stops the process if it still runs and starts it again; resolves when it is ready. */
  restart(): Promise<void>
  /** Stops the process and frees what it used. Safe to repeat. */
  stop(): Promise<void>
}

/** Starts a server by `start`, which is called again for each restart; `free` runs once, after the last stop. */
export async function restartable(start: () => Promise<Child>, free: () => Promise<void>): Promise<Restartable> {
  let child: Child
  try {
    child = await start()
  } catch (error) {
    await free()
    throw error
  }
  const stop = async () => {
    await child.stop()
    await free()
  }
  return {
    get pid() {
      return child.pid
    },
    get exited() {
      return child.exited
    },
    lines: () => child.lines(),
    kill: (signal) => child.kill(signal),
    async restart() {
      await child.stop()
      child = await start()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
