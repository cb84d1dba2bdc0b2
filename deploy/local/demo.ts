import { randomFillSync } from 'node:crypto'
import { mkdir, open, stat, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { MultiBar, Presets } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../../services/shared/runtime/clock.ts'
import { type Cli, type CliEvent, cliCommand, startCli } from './cli.ts'
import { fileSum } from './file-sum.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { type Folder, temporaryFolder } from './folder.ts'

const MIB = 1024 * 1024
const DEFAULT_BYTES = 256 * MIB
const DEADLINE_MS = 15 * 60_000

interface DemoFlags {
  file?: string
  size: number
  keep?: boolean
}

const flags: DemoFlags = new Command('npm run demo --')
  .description('Sends a file from alice to bob through two relays, every part a process of its own.')
  .option('--file <file>', 'the file to send')
  .option('--size <size>', 'how much to make up when there is no --file: 256MiB, 1GiB', parseSize, DEFAULT_BYTES)
  .option('--keep', 'leave everything running afterwards, until Ctrl-C')
  .parse()
  .opts()

try {
  await demo(flags)
} catch (error) {
  console.error(`demo: failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** The whole story once. Throws when the file does not arrive as it was, or not across both relays. */
async function demo({ file, size, keep }: DemoFlags): Promise<void> {
  await using folder = temporaryFolder('demo')
  const path = file ? resolve(file) : await makeUpFile(folder, size)
  const { size: bytes } = await stat(path)

  say('starting Prosody, Redis, one control and two relays')
  await using fleet = await startFleet({ relays: 2, control: { selfTest: true } })
  await writePasswords(fleet, folder)

  say(`sending ${basename(path)} (${mib(bytes)} MiB) from alice to bob`)
  await mkdir(folder.file('bob'))
  await using bob = await receive(fleet, folder)
  const startedAt = systemClock.now()
  await using alice = await send(fleet, folder, path)
  await showTransfer(alice.cli, bob.cli, bytes)
  const seconds = (systemClock.now() - startedAt) / 1_000

  const story = await told(fleet)
  report(alice.cli, bob.cli, path, story)
  await verify(bob.cli, path, story)
  say(`ok: ${mib(bytes)} MiB across two relays, ${seconds.toFixed(1)} s with log-in and negotiation`)
  if (keep) await stayUp(fleet, folder)
}

interface Party extends AsyncDisposable {
  readonly cli: Cli
}

async function receive(fleet: Fleet, folder: Folder): Promise<Party> {
  const args = ['receive', ...login(fleet, folder, 'bob'), '--from', fleet.xmpp.domain, '--into', folder.file('bob')]
  return party(await startCli([...args, '--once'], { name: 'bob', logFile: folder.file('bob.log'), until: 'ready' }))
}

async function send(fleet: Fleet, folder: Folder, path: string): Promise<Party> {
  const to = ['--to', `bob@${fleet.xmpp.domain}`, '--protocol', 'si', '--method', 's5b', '--no-direct', '--trace']
  const args = ['send', path, ...login(fleet, folder, 'alice'), ...to]
  return party(await startCli(args, { name: 'alice', logFile: folder.file('alice.log') }))
}

function party(cli: Cli): Party {
  return {
    cli,
    async [Symbol.asyncDispose]() {
      await cli.stop()
    },
  }
}

function login(fleet: Fleet, folder: Folder, user: string): string[] {
  const { domain, service } = fleet.xmpp
  return [
    '--jid',
    `${user}@${domain}`,
    '--password-file',
    passwordFile(folder, user),
    '--service',
    service,
    '--plaintext',
  ]
}

function passwordFile(folder: Folder, user: string): string {
  return folder.file(`${user}.password`)
}

async function writePasswords(fleet: Fleet, folder: Folder): Promise<void> {
  for (const { user, password } of fleet.accounts) {
    await writeFile(passwordFile(folder, user), password, { mode: 0o600 })
  }
}

/** Two bars that follow the two ends; resolves when both have the whole file. */
async function showTransfer(alice: Cli, bob: Cli, size: number): Promise<void> {
  const format = '  {who} {bar} {percentage}%  {value}/{total} MiB'
  const bars = new MultiBar(
    { format, hideCursor: true, noTTYOutput: true, notTTYSchedule: 2_000 },
    Presets.shades_classic,
  )
  const total = Number(mib(size))
  const rows = [
    { cli: alice, bar: bars.create(total, 0, { who: 'alice sends   ' }) },
    { cli: bob, bar: bars.create(total, 0, { who: 'bob receives  ' }) },
  ]
  const look = setInterval(() => {
    for (const { cli, bar } of rows) {
      const last = cli.events().findLast((event) => event.event === 'progress')
      if (last) bar.update(Number(mib(Number(last.bytes))))
    }
  }, 100)
  try {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    await Promise.all(rows.map(({ cli }) => finished(cli, deadline)))
    for (const { bar } of rows) bar.update(total)
  } finally {
    clearInterval(look)
    bars.stop()
  }
}

async function finished(cli: Cli, signal: AbortSignal): Promise<void> {
  const end = await Promise.race([cli.waitForEvent('done', signal), cli.waitForEvent('failed', signal)])
  if (end.event === 'failed') throw new Error(`${cli.name}: ${String(end.message)}`)
}

/** The line in which the owning relay tells the bytestream's end. */
async function told(fleet: Fleet): Promise<Readonly<Record<string, unknown>>> {
  const signal = AbortSignal.timeout(30_000)
  return Promise.any(fleet.relays.map((relay) => relay.waitForLine((line) => line.msg === 'bytestream ended', signal)))
}

function report(alice: Cli, bob: Cli, path: string, story: Readonly<Record<string, unknown>>): void {
  console.log('\nThe fifteen steps, by the clock of alice:')
  const steps = alice.events().filter((event) => event.event === 'step')
  for (const { step, does, from, to, atMs } of steps) {
    console.log(`  ${String(step).padStart(2)}  ${ms(atMs)}  ${String(does).padEnd(38)} ${from} → ${to}`)
  }
  const { bytesPerSecond } = last(alice, 'done')
  console.log(`
path      ${String(story.path)}: ${String(story.pod)}, which owns it, and ${String(story.peer)}
outcome   ${String(story.outcome)}, ${Number(story.bytesFromFirst) + Number(story.bytesFromSecond)} bytes in ${String(story.durationMs)} ms
rate      ${(Number(bytesPerSecond) / MIB).toFixed(0)} MiB/s
SHA-256   ${String(last(alice, 'done').sha256)}  sent      ${basename(path)}
          ${String(last(bob, 'done').sha256)}  received  ${basename(String(last(bob, 'done').path))}
`)
}

/** Believes nobody: hashes both files from disk. */
async function verify(bob: Cli, path: string, story: Readonly<Record<string, unknown>>): Promise<void> {
  const [sent, received] = await Promise.all([fileSum(path), fileSum(String(last(bob, 'done').path))])
  if (sent !== received) throw new Error(`the files differ: ${sent} was sent, ${received} received`)
  if (story.path !== 'handoff') throw new Error(`the halves met on one relay (path ${String(story.path)}), not on two`)
}

function last(cli: Cli, kind: string): CliEvent {
  const event = cli.events().findLast((candidate) => candidate.event === kind)
  if (!event) throw new Error(`${cli.name} never told "${kind}"`)
  return event
}

async function stayUp(fleet: Fleet, folder: Folder): Promise<void> {
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
  })
  const { xmpp, redis, proxy, control, relays, balancers, tokenFile } = fleet
  const account = (user: string) => login(fleet, folder, user).join(' ')
  const operator = `--control ${control.rpcAddress} --token-file ${tokenFile}`
  console.log(`
Everything runs on, until Ctrl-C.

  Prosody    ${xmpp.service} (domain ${xmpp.domain}; component port ${xmpp.componentPort})
  accounts   ${fleet.accounts.map(({ user, password }) => `${user}@${xmpp.domain}, password ${password}`).join('; ')}
  Redis      ${redis.url}
  proxy      ${proxy}, advertised at ${Object.values(balancers).map(({ address }) => `${address.host}:${address.port}`)}
  control    ${control.healthUrl}/metrics, gRPC at ${control.rpcAddress}
${relays.map(({ name, healthUrl, socks }) => `  ${name}    ${healthUrl}/metrics, SOCKS5 at ${socks['']?.host}:${socks['']?.port}`).join('\n')}

Try, in two terminals:

  ${cliCommand} receive ${account('bob')} --from ${xmpp.domain} --into ${folder.file('bob')}
  ${cliCommand} send README.md --to bob@${xmpp.domain} ${account('alice')} --no-direct --trace

and, as the operator:

  ${cliCommand} ls ${operator}
  ${cliCommand} top ${operator}
  ${cliCommand} selftest ${operator}
  ${cliCommand} drain relay-0 --wait ${operator}
  ${cliCommand} drain relay-0 --undo ${operator}
`)
  await stopped
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

function parseSize(text: string): number {
  const match = /^(\d+)\s*(B|KiB|MiB|GiB)?$/i.exec(text)
  const power = ['b', 'kib', 'mib', 'gib'].indexOf((match?.[2] ?? 'B').toLowerCase())
  if (!match) throw new InvalidArgumentError('a size such as 64MiB or 1GiB')
  return Number(match[1]) * 1024 ** power
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(bytes < MIB ? 3 : 0)
}

function ms(value: unknown): string {
  return `${Number(value).toFixed(1)} ms`.padStart(11)
}

function say(text: string): void {
  console.log(`demo: ${text}`)
}
