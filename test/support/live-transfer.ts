import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { type Cli, startCli } from '../../deploy/local/cli.ts'
import type { Fleet } from '../../deploy/local/fleet.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'

/** A file on its way from alice to bob. Disposing breaks it off. */
export interface LiveTransfer extends AsyncDisposable {
  readonly alice: Cli
  readonly bob: Cli
}

/** Begins to send a file through the fleet, and resolves when bytes flow. How long it takes is for the fleet's rates to say. */
export async function startTransfer(fleet: Fleet, bytes: number): Promise<LiveTransfer> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('live-transfer'))
  const login = async (user: string) => {
    const passwordFile = folder.file(`${user}.password`)
    await writeFile(passwordFile, fleet.accounts.find((each) => each.user === user)?.password ?? '', { mode: 0o600 })
    const account = ['--jid', `${user}@${fleet.xmpp.domain}`, '--password-file', passwordFile]
    return [...account, '--service', fleet.xmpp.service, '--plaintext']
  }
  const [file, into] = [folder.file('sent.bin'), folder.file('into')]
  await writeFile(file, '')
  await truncate(file, bytes)
  await mkdir(into)
  const start = async (name: string, args: readonly string[], until?: string) => {
    const cli = await startCli(args, { name, logFile: folder.file(`${name}.log`), ...(until && { until }) })
    opened.defer(async () => void (await cli.stop()))
    return cli
  }
  const receive = ['receive', ...(await login('bob')), '--from', fleet.xmpp.domain, '--into', into]
  const bob = await start('bob', [...receive, '--once'], 'ready')
  const to = ['--to', `bob@${fleet.xmpp.domain}`, '--protocol', 'si', '--method', 's5b', '--no-direct']
  const alice = await start('alice', ['send', file, ...(await login('alice')), ...to])
  await bob.waitForEvent('progress')
  const running = opened.move()
  return { alice, bob, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
