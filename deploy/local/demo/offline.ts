import { mkdir, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemClock } from '../../../services/shared/runtime/clock.ts'
import { type Cli, cliCommand, startCli } from '../cli.ts'
import { fileSum } from '../file-sum.ts'
import { type CourierProcess, type Fleet, startFleet } from '../fleet.ts'
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

/** alice sends while bob is away, the courier keeps it, bob comes and has it. Throws when it does not arrive as it was. */
export async function offlineDemo(options: DemoOptions): Promise<void> {
  await using folder = temporaryFolder('demo')
  const path = await fileToSend(folder, options)
  const { size: bytes } = await stat(path)

  say('starting Prosody, Redis, one control, two relays and a courier')
  // People wait a moment for a client that has just come; nobody need here.
  await using fleet = await startFleet({ relays: 2, courier: { arrivalDelayMs: 500 } })
  const courier = await fleet.startCourier()
  await writePasswords(fleet, folder)
  const startedAt = systemClock.now()

  say(`bob is away; alice leaves ${basename(path)} (${mib(bytes)} MiB) with ${fleet.courier}`)
  await using alice = await run(folder, 'alice', ['send', path, ...toBob(fleet), ...login(fleet, folder, 'alice')])
  await showProgress(bytes, [{ who: 'alice sends', cli: alice.cli }])
  const stored = last(alice.cli, 'stored')
  say(`stored until ${String(stored.expires)} as parcel ${String(stored.parcel)}; alice can go`)
  await alice.cli.exited

  say('bob logs in')
  await mkdir(folder.file('bob'))
  const receive = [
    'receive',
    '--courier',
    fleet.courier,
    '--from',
    fleet.xmpp.domain,
    '--into',
    folder.file('bob'),
    '--once',
  ]
  await using bob = await run(folder, 'bob', [...receive, ...login(fleet, folder, 'bob')])
  await showProgress(bytes, [{ who: 'bob receives', cli: bob.cli }])
  await bob.cli.exited
  const seconds = (systemClock.now() - startedAt) / 1_000

  report(alice.cli, bob.cli, path)
  await verify(bob.cli, path)
  await handedOver(courier)
  say(`ok: ${mib(bytes)} MiB kept for bob and handed over, ${seconds.toFixed(1)} s in all`)
  if (options.keep) await stayUp(fleet, courier, folder)
}

async function run(folder: Folder, name: string, args: readonly string[]): Promise<AsyncDisposable & { cli: Cli }> {
  const cli = await startCli(args, { name, logFile: folder.file(`${name}.log`) })
  return { cli, [Symbol.asyncDispose]: async () => void (await cli.stop()) }
}

function toBob(fleet: Fleet): string[] {
  return ['--to', `bob@${fleet.xmpp.domain}`, '--offline', '--courier', fleet.courier]
}

function report(alice: Cli, bob: Cli, path: string): void {
  const way = (cli: Cli) => {
    const { method, streamhost } = last(cli, 'connected') as {
      method?: string
      streamhost?: { host: string; port: number }
    }
    return streamhost ? `${method} by ${streamhost.host}:${streamhost.port}` : String(method)
  }
  console.log(`
to the courier   ${way(alice)}
to bob           ${way(bob)}
SHA-256          ${String(last(alice, 'done').sha256)}  sent      ${basename(path)}
                 ${String(last(bob, 'done').sha256)}  received  ${basename(String(last(bob, 'done').path))}
`)
}

/** Believes nobody: hashes both files from disk. */
async function verify(bob: Cli, path: string): Promise<void> {
  const [sent, received] = await Promise.all([fileSum(path), fileSum(String(last(bob, 'done').path))])
  if (sent !== received) throw new Error(`the files differ: ${sent} was sent, ${received} received`)
}

/** The courier must know that bob has it: then it is deleted, and alice is told. */
async function handedOver(courier: CourierProcess): Promise<void> {
  await courier.waitForLine((line) => line.msg === 'parcel delivered', AbortSignal.timeout(30_000))
}

async function stayUp(fleet: Fleet, courier: CourierProcess, folder: Folder): Promise<void> {
  const stopped = untilInterrupted()
  const account = (user: string) => login(fleet, folder, user).join(' ')
  console.log(`
Everything runs on, until Ctrl-C.

  Prosody    ${fleet.xmpp.service} (domain ${fleet.xmpp.domain})
  courier    ${fleet.courier}, ${courier.healthUrl}/metrics, links at ${courier.publicUrl}

Try, in two terminals:

  ${cliCommand} send README.md --offline ${toBob(fleet).slice(0, 2).join(' ')} ${account('alice')}
  ${cliCommand} parcels ${account('alice')}
  ${cliCommand} receive --courier --from ${fleet.xmpp.domain} --into ${folder.file('bob')} ${account('bob')}
`)
  await stopped
}
