import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { messageOf } from '../../services/shared/bytestream/failure.ts'
import { lastWill } from './last-will.ts'
import type { Readiness } from './readiness.ts'

/** How a child ended: one of the two is set. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What to run and when it counts as started. */
export interface ChildOptions {
  /** What messages call it. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the child: nothing of ours is added. Default: ours. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Both outputs are appended to this file. */
  readonly logFile: string
  readonly ready: Readiness
  /** Default a minute. */
  readonly readyTimeoutMs?: number
}

/** A running process of ours. It is killed when this process ends; before that, whoever started it stops it. */
export interface Child {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** Settles when the process is gone and its output has been read. Never rejects. */
  readonly exited: Promise<Exit>
  /** Every line of output so far. */
  lines(): readonly string[]
  /** The first line, written already or from now on, that satisfies. Throws when the child exits or the signal aborts before. */
  waitForLine(satisfies: (line: string) => boolean, signal?: AbortSignal): Promise<string>
  /** Sends a signal, SIGKILL unless told; nothing happens when the process is gone. */
  kill(signal?: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after `graceMs` (default 5 s). Resolves when the process is gone; safe to repeat. */
  stop(graceMs?: number): Promise<Exit>
}

const tailLines = 20

/** Starts a process and waits until it is ready. Throws, with the end of its output, when it exits or hangs before that. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = await spawnChild(options)
  const settled = new AbortController()
  const timeoutMs = options.readyTimeoutMs ?? 60_000
  const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(timeoutMs)])
  try {
    const early = await Promise.race([options.ready(child, signal), child.exited])
    if (early) throw new Error(`it ended at once with ${describeExit(early)}`)
    return child
  } catch (cause) {
    await child.stop()
    const reason = signal.aborted ? `it was not ready within ${timeoutMs} ms` : messageOf(cause)
    throw new Error(`Cannot start ${options.name}: ${reason}\n${tail(child)}`, { cause })
  } finally {
    settled.abort()
  }
}

async function spawnChild({ name, command, args, env, cwd, logFile }: ChildOptions): Promise<Child> {
  const spawned = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = exitOf(spawned)
  try {
    await once(spawned, 'spawn')
  } catch (cause) {
    throw new Error(`Cannot start ${name}: ${messageOf(cause)}`, { cause })
  }
  const { pid } = spawned
  if (pid === undefined) throw new Error(`Cannot start ${name}: it has no process id`)

  const revoke = lastWill(() => spawned.kill('SIGKILL'))
  const output = new Output(logFile, [spawned.stdout, spawned.stderr])
  exited.then(() => {
    revoke()
    output.end()
  })

  return {
    name,
    pid,
    logFile,
    exited,
    lines: () => output.lines,
    waitForLine: (satisfies, signal) => output.waitForLine(name, satisfies, signal),
    kill: (signal = 'SIGKILL') => {
      spawned.kill(signal)
    },
    stop: (graceMs = 5000) => stop(spawned, exited, graceMs),
  }
}

async function stop(spawned: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  const force = setTimeout(() => spawned.kill('SIGKILL'), graceMs)
  spawned.kill('SIGTERM')
  // A process that a test has stopped with SIGSTOP would not see the SIGTERM.
  spawned.kill('SIGCONT')
  try {
    return await exited
  } finally {
    clearTimeout(force)
  }
}

/** 'close', not 'exit': by then everything it wrote has been read. */
function exitOf(spawned: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    spawned.once('close', (code, signal) => resolve({ code, signal }))
  })
}

/** What a child writes: kept as lines, announced line by line, and appended to its log file. */
class Output {
  readonly lines: string[] = []
  readonly #announcer = new EventEmitter().setMaxListeners(0)
  readonly #log
  #ended = false

  constructor(logFile: string, streams: readonly (Readable | null)[]) {
    this.#log = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
    // The log is a convenience: its folder may be removed while the last lines are written.
    this.#log.on('error', () => {})
    for (const stream of streams) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#add(line))
    }
  }

  #add(line: string): void {
    this.lines.push(line)
    this.#log.write(`${line}\n`)
    this.#announcer.emit('line', line)
  }

  end(): void {
    this.#ended = true
    this.#log.end()
    this.#announcer.emit('end')
  }

  async waitForLine(name: string, satisfies: (line: string) => boolean, signal?: AbortSignal): Promise<string> {
    const written = this.lines.find(satisfies)
    if (written !== undefined) return written
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#announcer.off('line', onLine).off('end', onEnd)
        signal?.removeEventListener('abort', onAbort)
      }
      const fail = (error: unknown) => {
        settle()
        reject(error)
      }
      const onLine = (line: string) => {
        if (!satisfies(line)) return
        settle()
        resolve(line)
      }
      const onEnd = () => fail(new Error(`Cannot wait for a line of ${name}: it has exited`))
      const onAbort = () => fail(signal?.reason)
      if (this.#ended) return onEnd()
      this.#announcer.on('line', onLine).once('end', onEnd)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}

function tail(child: Child): string {
  const lines = child.lines().slice(-tailLines)
  return lines.length > 0 ? lines.map((line) => `  ${line}`).join('\n') : '  (it wrote nothing)'
}

function describeExit({ code, signal }: Exit): string {
  return signal ? `signal ${signal}` : `exit code ${code}`
}
