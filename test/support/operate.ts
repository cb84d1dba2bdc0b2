import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Fleet } from '../../deploy/local/fleet.ts'

/** The command line's entry. */
export const cliMain = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url))

/** What a command left behind. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Its standard output as JSON lines. */
  readonly events: readonly Record<string, unknown>[]
}

/** The options with which an operator reaches the fleet's control. */
export function controlFlags({ control, tokenFile }: Fleet): string[] {
  return ['--control', control.rpcAddress, '--token-file', tokenFile]
}

/** Runs `splice65 …args` to its end, with nothing of ours in its environment. */
export function operate(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [cliMain, ...args],
      { env: { PATH: process.env.PATH, ...env }, timeout: 60_000 },
      (_error, stdout, stderr) => {
        const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
        resolve({ code: child.exitCode, stdout, stderr, events: lines.map((line) => JSON.parse(line)) })
      },
    )
  })
}
