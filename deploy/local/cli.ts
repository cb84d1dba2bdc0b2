import { fileURLToPath } from 'node:url'
import { type Child, startChild } from './child.ts'
import type { Readiness } from './readiness.ts'

/** One JSON line of `splice65 … --json`. */
export interface CliEvent {
  readonly event: string
  /** Milliseconds since the command started. */
  readonly atMs: number
  readonly [detail: string]: unknown
}

/** The command line in a process of its own. Whoever starts it stops it. */
export interface Cli extends Child {
  /** What it has told so far. */
  events(): readonly CliEvent[]
  /** The first event of this kind, told already or from now on. Throws when the command ends or the signal aborts before. */
  waitForEvent(kind: string, signal?: AbortSignal): Promise<CliEvent>
}

const repository = fileURLToPath(new URL('../../', import.meta.url))
const main = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url))

/** How the command line is called from the repository's folder, for people to copy. */
export const cliCommand = 'node_modules/.bin/node services/cli/main.ts'

/** Starts `splice65 …args --json`. With `until`, resolves when that event was told; otherwise at once. */
export async function startCli(
  args: readonly string[],
  options: {
    readonly name: string
    readonly logFile: string
    readonly until?: string
    /** A command that runs it in another place. */
    readonly under?: readonly string[]
  },
): Promise<Cli> {
  const { name, logFile, until, under = [] } = options
  const [command = process.execPath, ...rest] = [...under, process.execPath, main, ...args, '--json']
  const ready: Readiness = async (child, signal) => {
    if (until) await child.waitForLine((line) => parseEvent(line)?.event === until, signal)
  }
  const child = await startChild({
    name,
    command,
    args: rest,
    cwd: repository,
    logFile,
    ready,
  })
  const events = () => child.lines().flatMap((line) => parseEvent(line) ?? [])
  return {
    ...child,
    events,
    async waitForEvent(kind, signal) {
      const line = await child.waitForLine((text) => parseEvent(text)?.event === kind, signal)
      return parseEvent(line) as CliEvent
    },
  }
}

function parseEvent(line: string): CliEvent | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    const isEvent = typeof parsed === 'object' && parsed !== null && 'event' in parsed
    return isEvent ? (parsed as CliEvent) : undefined
  } catch {
    // Text for people, which it writes too.
    return undefined
  }
}
