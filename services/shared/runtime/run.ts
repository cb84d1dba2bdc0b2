import { Failure } from '../bytestream/failure.ts'
import { armKillPoint } from './kill-point.ts'
import { type OptionSchema, type Options, readOptions } from './options.ts'

/** A service that runs. */
export interface Running {
  /** Lets what is live come to its end; resolves when nothing is left or `signal` cuts it short. */
  drain?(signal: AbortSignal): Promise<void>
  /** Ends at once and gives everything back. */
  stop(): Promise<void>
}

/**
 * The life of a service process: read the options, start, wait for SIGTERM or SIGINT, drain, stop, set the exit code.
 * A second signal cuts the drain short. Faulty options and a failed start leave one clear line and exit code 1.
 */
export async function run<S extends OptionSchema>(
  service: string,
  schema: S,
  start: (config: Options<S>) => Promise<Running>,
): Promise<void> {
  const force = new AbortController()
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  let signals = 0
  const onSignal = () => {
    signals += 1
    if (signals === 1) ask()
    else force.abort()
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  try {
    armKillPoint(process.env.SPLICE65_KILL_POINT, () => process.kill(process.pid, 'SIGKILL'))
    const running = await start(readOptions(service, schema, process.env))
    await asked
    await running.drain?.(force.signal)
    await running.stop()
  } catch (error) {
    const text = error instanceof Failure ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`splice65 ${service}: ${text}\n`)
    process.exitCode = 1
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
  }
}
