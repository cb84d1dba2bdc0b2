import { mkdir, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemClock } from '../../../services/shared/runtime/clock.ts'
import { type Cli, cliCommand, startCli } from '../cli.ts'
import { fileSum } from '../file-sum.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { type Folder, temporaryFolder } from '../folder.ts'
import {
  type DemoOptions,
  fileToSend,
  last,
  login,
  mib,
  say,
  showProgress,
  untilInterrupted,
  writePasswords,
} from './props.ts'

const MIB = 1024 * 1024

/** The whole story once. Throws when the file does not arrive as it was, or not across both relays. */
export async function streamDemo(options: DemoOptions): Promise<void> {
  await using folder = temporaryFolder('demo')
  const path = await fileToSend(folder, options)
  const { size: bytes } = await stat(path)

  say('starting Prosody, Redis, one control and two relays')
  await using fleet = await startFleet({ relays: 2, control: { selfTest: true } })
  await writePasswords(fleet, folder)

  say(`sending ${basename(path)} (${mib(bytes)} MiB) from alice to bob`)
  await mkdir(folder.file('bob'))
  await using bob = await receive(fleet, folder)
  const startedAt = systemClock.now()
  await using alice = await send(fleet, folder, path)
  await showProgress(bytes, [
    { who: 'alice sends', cli: alice.cli },
    { who: 'bob receives', cli: bob.cli },
  ])
  const seconds = (systemClock.now() - startedAt) / 1_000

  const story = await told(fleet)
  report(alice.cli, bob.cli, path, story)
  await verify(bob.cli, path, story)
  say(`ok: ${mib(bytes)} MiB across two relays, ${seconds.toFixed(1)} s with log-in and negotiation`)
  if (options.keep) await stayUp(fleet, folder)
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

async function stayUp(fleet: Fleet, folder: Folder): Promise<void> {
  const stopped = untilInterrupted()
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

function ms(value: unknown): string {
  return `${Number(value).toFixed(1)} ms`.padStart(11)
}
