import { randomFillSync } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MultiBar, Presets } from 'cli-progress'
import type { Cli, CliEvent } from '../cli.ts'
import type { Fleet } from '../fleet.ts'
import type { Folder } from '../folder.ts'

// What both stories need: a file, accounts, bars.

const MIB = 1024 * 1024
const DEADLINE_MS = 15 * 60_000

export interface DemoOptions {
  readonly file?: string
  /** Bytes to make up where there is no file. */
  readonly size: number
  /** Leave everything running. */
  readonly keep?: boolean
}

/** The file to send: the one that is named, or one that is made up in the folder. */
export async function fileToSend(folder: Folder, { file, size }: DemoOptions): Promise<string> {
  return file ? resolve(file) : makeUpFile(folder, size)
}

/** Options with which a user of the fleet logs in. */
export function login(fleet: Fleet, folder: Folder, user: string): string[] {
  const { domain, service } = fleet.xmpp
  const account = ['--jid', `${user}@${domain}`, '--password-file', passwordFile(folder, user)]
  return [...account, '--service', service, '--plaintext']
}

/** Writes the password of every account where `login` says that it is. */
export async function writePasswords(fleet: Fleet, folder: Folder): Promise<void> {
  for (const { user, password } of fleet.accounts) {
    await writeFile(passwordFile(folder, user), password, { mode: 0o600 })
  }
}

/** A bar for each that follows what it does; resolves when all have the whole file. Throws when one fails. */
export async function showProgress(size: number, rows: readonly { readonly who: string; readonly cli: Cli }[]) {
  const format = '  {who} {bar} {percentage}%  {value}/{total} MiB'
  const bars = new MultiBar(
    { format, hideCursor: true, noTTYOutput: true, notTTYSchedule: 2_000 },
    Presets.shades_classic,
  )
  const total = Number(mib(size))
  const shown = rows.map(({ who, cli }) => ({ cli, bar: bars.create(total, 0, { who: who.padEnd(14) }) }))
  const look = setInterval(() => {
    for (const { cli, bar } of shown) {
      const progress = cli.events().findLast((event) => event.event === 'progress')
      if (progress) bar.update(Number(mib(Number(progress.bytes))))
    }
  }, 100)
  try {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    await Promise.all(shown.map(({ cli }) => finished(cli, deadline)))
    for (const { bar } of shown) bar.update(total)
  } finally {
    clearInterval(look)
    bars.stop()
  }
}

/** The last event of a kind. Throws when it was never told. */
export function last(cli: Cli, kind: string): CliEvent {
  const event = cli.events().findLast((candidate) => candidate.event === kind)
  if (!event) throw new Error(`${cli.name} never told "${kind}"`)
  return event
}

/** Resolves when the user has seen enough. */
export function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
  })
}

/** Bytes as MiB, for people. */
export function mib(bytes: number): string {
  return (bytes / MIB).toFixed(bytes < MIB ? 3 : 0)
}

export function say(text: string): void {
  console.log(`demo: ${text}`)
}

async function finished(cli: Cli, signal: AbortSignal): Promise<void> {
  const end = await Promise.race([cli.waitForEvent('done', signal), cli.waitForEvent('failed', signal)])
  if (end.event === 'failed') throw new Error(`${cli.name}: ${String(end.message)}`)
}

function passwordFile(folder: Folder, user: string): string {
  return folder.file(`${user}.password`)
}

async function makeUpFile(folder: Folder, size: number): Promise<string> {
  const path = folder.file('random.bin')
  const file = await open(path, 'w')
  try {
    const chunk = Buffer.allocUnsafe(4 * MIB)
    for (let left = size; left > 0; left -= chunk.length) {
      await file.write(randomFillSync(chunk), 0, Math.min(left, chunk.length))
    }
  } finally {
    await file.close()
  }
  return path
}
