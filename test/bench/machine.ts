import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** What a run was made on: absolute figures mean nothing without it. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly kernel: string
  readonly node: string
  /** Versions of the peers, by name. */
  readonly peers: Readonly<Record<string, string>>
  /** ISO 8601, UTC. */
  readonly date: string
}

/** Describes this machine, now. */
export function describeMachine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    peers: {
      HAProxy: versionOf('haproxy', ['-v'], /version (\S+)/),
      Prosody: versionOf('prosodyctl', ['about'], /Prosody (\d\S*)/),
      ejabberd: versionOf('dpkg-query', ['-W', 'ejabberd'], /\t(\S+)/),
      cc: versionOf('cc', ['--version'], /(\d+\.\d+\.\d+)/),
    },
    date: new Date().toISOString(),
  }
}

function versionOf(command: string, args: readonly string[], pattern: RegExp): string {
  try {
    const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return pattern.exec(output)?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
