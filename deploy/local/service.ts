import { fileURLToPath } from 'node:url'
import { environmentName } from '../../services/shared/runtime/options.ts'
import { type Child, type Exit, startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { answersOk } from './readiness.ts'

/** The services that have a `main.ts` of their own. */
export type ServiceName = 'control' | 'courier' | 'relay'

/** A log line as the service wrote it. */
export type LogLine = Readonly<Record<string, unknown>>

/** Options as the service's configuration names them, `activationTimeoutMs: 5000`; undefined means unset. */
export type ServiceSettings = Readonly<Record<string, string | number | boolean | undefined>>

export interface ServiceOptions {
  /** What messages and the log file call it. Default: the service's name. */
  readonly name?: string
  /** Which health endpoint must answer 200 before it counts as started. Default: `livez`. */
  readonly until?: 'livez' | 'readyz'
  /** Default a minute. */
  readonly readyTimeoutMs?: number
  /** A command that runs the service in its own place, such as `prlimit --nofile=256`. */
  readonly under?: readonly string[]
}

/** One service in a process of its own. Whoever starts it stops it. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  /** Where `/metrics`, `/livez` and `/readyz` are. */
  readonly healthUrl: string
  /** The exact environment it was given, without PATH and HOME. */
  readonly env: NodeJS.ProcessEnv
  readonly exited: Promise<Exit>
  /** Every log line so far. What is not JSON comes as `{ text }`. */
  lines(): readonly LogLine[]
  /** The first log line, written already or from now on, that satisfies. Throws when the service exits or the signal aborts before. */
  waitForLine(satisfies: (line: LogLine) => boolean, signal?: AbortSignal): Promise<LogLine>
  /** Resolves when `/readyz` answers 200. */
  ready(signal?: AbortSignal): Promise<void>
  /** The text of `/metrics`. Throws when it does not come within `timeoutMs`, by default never. */
  metrics(terms?: { readonly timeoutMs: number }): Promise<string>
  /** Sends SIGTERM, which makes it drain; `await exited` tells when it has. */
  drain(): void
  /** Sends a signal, SIGKILL unless told. */
  kill(signal?: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after `graceMs` (default 5 s). Safe to repeat. */
  stop(graceMs?: number): Promise<Exit>
}

const repository = fileURLToPath(new URL('../../', import.meta.url))
/** Compiled once, as an image ships it: a relay that need not strip types starts faster and holds 44 MiB less. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url))

/** What Node is told, as in the image: a young generation that may grow to 64 MiB does, in a burst of connections, and stays so. */
export const nodeOptions = '--max-semi-space-size=4'

/**
 * Starts `services/<service>/main.ts` as its own process with nothing but `env`, PATH, HOME and what Node is told in its
 * environment, and waits until its health endpoint answers. `env` must say on which port that is (`RELAY_HEALTH_PORT`).
 */
export async function startService(
  service: ServiceName,
  env: NodeJS.ProcessEnv,
  { name = service, until = 'livez', readyTimeoutMs, under = [] }: ServiceOptions = {},
): Promise<ServiceProcess> {
  const healthVariable = `${service.toUpperCase()}_HEALTH_PORT`
  const healthPort = env[healthVariable]
  if (!healthPort) throw new Error(`Cannot start ${name}: ${healthVariable} is not set`)
  const healthUrl = `http://127.0.0.1:${healthPort}`
  const folder = temporaryFolder(name)
  const [command = process.execPath, ...args] = [...under, process.execPath, `services/${service}/main.ts`]
  let child: Child
  try {
    child = await startChild({
      name,
      command,
      args,
      cwd: repository,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_COMPILE_CACHE: compileCache,
        NODE_OPTIONS: nodeOptions,
        ...env,
      },
      logFile: folder.file(`${name}.log`),
      ready: answersOk(`${healthUrl}/${until}`),
      ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }),
    })
  } catch (error) {
    await folder.remove()
    throw error
  }
  const stop = async (graceMs?: number) => {
    const exit = await child.stop(graceMs)
    await folder.remove()
    return exit
  }
  return {
    name,
    pid: child.pid,
    healthUrl,
    env,
    exited: child.exited,
    lines: () => child.lines().map(parseLine),
    waitForLine: async (satisfies, signal) =>
      parseLine(await child.waitForLine((line) => satisfies(parseLine(line)), signal)),
    ready: (signal = AbortSignal.timeout(60_000)) => answersOk(`${healthUrl}/readyz`)(child, signal),
    async metrics(terms) {
      const response = await fetch(`${healthUrl}/metrics`, terms && { signal: AbortSignal.timeout(terms.timeoutMs) })
      if (!response.ok) throw new Error(`Cannot read the metrics of ${name}: HTTP ${response.status}`)
      return response.text()
    },
    drain: () => child.kill('SIGTERM'),
    kill: (signal) => child.kill(signal),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
    },
  }
}

/** Settings as the environment of a service: `activationTimeoutMs` of the relay is `RELAY_ACTIVATION_TIMEOUT_MS`. */
export function serviceEnv(service: ServiceName, settings: ServiceSettings): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {}
  for (const [option, value] of Object.entries(settings)) {
    if (value !== undefined) env[environmentName(service, option)] = String(value)
  }
  return env
}

function parseLine(line: string): LogLine {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null) return parsed as LogLine
  } catch {
    // Not ours: a warning of Node, the stack of a crash.
  }
  return { text: line }
}
