import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { type Cli, startCli } from '../../deploy/local/cli.ts'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { commandBySlixmpp, receiveBySlixmpp, requireSlixmpp, type SlixmppEvent } from '../support/slixmpp.ts'

const users = ['alice', 'bob', 'carol', 'dave', 'ann']
const patience = () => AbortSignal.timeout(60_000)

before(requireSlixmpp)

for (const server of ['prosody', 'ejabberd'] as const) {
  describe(`With a courier beside ${server}`, () => {
    let fleet: Fleet
    let folder: Folder

    before(async () => {
      folder = temporaryFolder('courier-clients')
      for (const user of users) await writeFile(folder.file(user), user, { mode: 0o600 })
      const accounts = users.map((user) => ({ user, password: user }))
      const courier = { arrivalDelayMs: 100, admins: 'ann@example.test' }
      fleet = await startFleet({ server, relays: 2, accounts, courier })
      await fleet.startCourier()
    })

    after(async () => {
      await fleet?.stop()
      await folder.remove()
    })

    it('the command line leaves a file with it, and has it when it comes', async () => {
      const { path, content } = await newFile('letter')
      const stored = await sendOffline(path, 'carol')
      assert.equal(stored.to, 'carol@example.test')
      assert.deepEqual(await listed('carol'), [['waiting', 'letter', content.length, 'alice@example.test']])

      const into = folder.file('inbox')
      await mkdir(into)
      const receive = ['receive', '--courier', '--from', 'alice@example.test', '--into', into, '--once']
      const done = await told(await cli('carol', receive), 'done')
      assert.deepEqual(await readFile(String(done.path)), content)
    })

    it('the command line is told that a file is stored, though it is handed over at once', async () => {
      const { path, content } = await newFile('at once')
      const into = folder.file('inbox of who is there')
      await mkdir(into)
      // She agreed in the test before.
      const receive = ['receive', '--courier', '--from', 'alice@example.test', '--into', into, '--once']
      const carol = await cli('carol', receive)
      await carol.waitForEvent('ready', patience())
      const alice = await cli('alice', ['send', path, '--to', 'carol@example.test', '--offline'])
      const exit = await alice.exited
      assert.deepEqual(exit, { code: 0, signal: null }, alice.lines().join('\n'))
      assert.ok(alice.events().some(({ event }) => event === 'stored'))
      assert.deepEqual(await readFile(String((await told(carol, 'done')).path)), content)
    })

    it('slixmpp, which agrees when it is asked, is offered a file by SI', async () => {
      const { path, content } = await newFile('photo')
      await sendOffline(path, 'bob')
      const destination = folder.file('received by slixmpp')
      const account = { server: fleet.xmpp, user: 'bob', password: 'bob' }
      const bob = await receiveBySlixmpp(account, { destination, logFile: folder.file('slixmpp.log') })
      try {
        assert.equal((await bob.waitForEvent('done')).bytes, content.length)
        assert.deepEqual(await readFile(destination), content)
      } finally {
        await bob.stop()
      }
    })

    it('its commands list what somebody has sent and what waits, and delete it', async () => {
      const { path, content } = await newFile('mistake')
      const { parcel } = await sendOffline(path, 'dave')
      const row = ['sent', 'mistake', content.length, 'alice@example.test']
      assert.deepEqual(
        (await listed('alice')).filter(([, name]) => name === 'mistake'),
        [row],
      )

      const ofUsers = ['splice65:delete-parcel', 'splice65:sent-parcels', 'splice65:waiting-parcels']
      const { commands } = (await command('dave', 'waiting-parcels'))('commands') as unknown as {
        commands: { node: string }[]
      }
      assert.deepEqual(
        commands.map(({ node }) => node),
        ofUsers,
      )
      const { rows } = (await command('dave', 'waiting-parcels'))('ended') as unknown as { rows: { parcel: string }[] }
      assert.deepEqual(
        rows.map((each) => each.parcel),
        [parcel],
      )
      const { notes } = (await command('dave', 'delete-parcel', 'mistake'))('ended')
      assert.deepEqual(notes, [['info', 'mistake was deleted']])
      assert.deepEqual(await listed('dave'), [])
    })

    it('its administrator sees the store in numbers', async () => {
      const { values } = (await command('ann', 'store-statistics'))('ended') as unknown as {
        values: Record<string, string>
      }
      assert.match(values.parcels ?? '', /^\d+$/)
      assert.match(values.bytes ?? '', /^\d+$/)
    })

    async function newFile(name: string): Promise<{ path: string; content: Buffer }> {
      const [path, content] = [folder.file(name), randomBytes(200_003)]
      await writeFile(path, content)
      return { path, content }
    }

    /** A command line of this user; it is over when the test's fleet is. */
    function cli(user: string, args: readonly string[]): Promise<Cli> {
      const { domain, service } = fleet.xmpp
      const account = ['--jid', `${user}@${domain}`, '--password-file', folder.file(user), '--service', service]
      const logFile = folder.file(`${user}-${randomBytes(4).toString('hex')}.log`)
      return startCli([...args, ...account, '--plaintext'], { name: user, logFile })
    }

    /** What it tells of this, then its end. */
    async function told(running: Cli, kind: string) {
      try {
        return await running.waitForEvent(kind, patience())
      } finally {
        await running.stop()
      }
    }

    async function sendOffline(path: string, user: string) {
      return told(await cli('alice', ['send', path, '--to', `${user}@${fleet.xmpp.domain}`, '--offline']), 'stored')
    }

    /** What `splice65 parcels` lists: how it concerns the user, name, size, sender. */
    async function listed(user: string): Promise<unknown[][]> {
      const running = await cli(user, ['parcels'])
      const exit = await running.exited
      assert.deepEqual(exit, { code: 0, signal: null }, running.lines().join('\n'))
      return running.events().map(({ event, name, size, from }) => [event, name, size, from])
    }

    /** What a user's slixmpp has told of a command of the courier, to its end. */
    async function command(user: string, node: string, choice?: string): Promise<(kind: string) => SlixmppEvent> {
      const account = { server: fleet.xmpp, user, password: user }
      const logFile = folder.file(`slixmpp-${randomBytes(4).toString('hex')}.log`)
      const options = { component: fleet.courier, node: `splice65:${node}`, ...(choice && { choice }), logFile }
      const running = await commandBySlixmpp(account, options)
      const exit = await running.exited
      const lines = running.lines()
      assert.deepEqual(exit, { code: 0, signal: null }, lines.join('\n'))
      const events = lines.filter((line) => line.startsWith('{')).map((line): SlixmppEvent => JSON.parse(line))
      return (kind) => events.find(({ event }) => event === kind) ?? assert.fail(`no ${kind}:\n${lines.join('\n')}`)
    }
  })
}
