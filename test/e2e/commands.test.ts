import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { Child } from '../../deploy/local/child.ts'
import { startCli } from '../../deploy/local/cli.ts'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import type { ServiceProcess } from '../../deploy/local/service.ts'
import { commandBySlixmpp, requireSlixmpp, type SlixmppEvent } from '../support/slixmpp.ts'
import { until } from '../support/until.ts'

const nodes = ['drain-relay', 'end-bytestream', 'list-bytestreams', 'self-test', 'statistics', 'undrain-relay']
/** Slow enough to be looked at while it runs. */
const relay = { streamRateBytes: 65_536 }
const control = { admins: 'Ann@example.test', selfTest: true, selfTestIntervalMs: 600_000 }
const accounts = ['alice', 'bob', 'ann'].map((user) => ({ user, password: user }))

before(requireSlixmpp)

for (const server of ['prosody', 'ejabberd'] as const) {
  describe(`With two controls on ${server}, slixmpp`, () => {
    let fleet: Fleet
    const controls: ServiceProcess[] = []

    before(async () => {
      fleet = await startFleet({ server, relays: 2, accounts, relay, control })
      // On ejabberd both are connected, and what is begun at one may be ended at the other.
      controls.push(fleet.control, await fleet.startControl())
    })

    after(() => fleet?.stop())

    /** What a user's slixmpp has told of a command, to its end. */
    async function told(user: string, node?: string, choice?: string): Promise<(kind: string) => SlixmppEvent> {
      await using folder = temporaryFolder('e2e-commands')
      const account = { server: fleet.xmpp, user, password: user }
      const command = await commandBySlixmpp(account, {
        component: fleet.proxy,
        logFile: folder.file('slixmpp.log'),
        ...(node && { node: `splice65:${node}` }),
        ...(choice && { choice }),
      })
      const exit = await command.exited
      const lines = command.lines()
      assert.deepEqual(exit, { code: 0, signal: null }, lines.join('\n'))
      const events = lines.filter((line) => line.startsWith('{')).map((line): SlixmppEvent => JSON.parse(line))
      return (kind) => events.find(({ event }) => event === kind) ?? assert.fail(`no ${kind}:\n${lines.join('\n')}`)
    }

    async function ended(node: string, choice?: string): Promise<SlixmppEvent> {
      const event = (await told('ann', node, choice))('ended')
      assert.equal(event.status, 'completed')
      return event
    }

    it('shows an administrator the commands', async () => {
      const { commands } = (await told('ann'))('commands')
      assert.deepEqual(
        (commands as { node: string }[]).map(({ node }) => node),
        nodes.map((node) => `splice65:${node}`),
      )
    })

    it('shows nobody else any, and is refused', async () => {
      const event = await told('bob', 'statistics')
      assert.deepEqual(event('commands').commands, [])
      const { condition, type } = event('refused')
      assert.deepEqual([condition, type], ['forbidden', 'cancel'])
    })

    it('lists the bytestream of a transfer, and ends it', async () => {
      await using transfer = await startTransfer(fleet)
      await until('it runs', async () => ((await ended('list-bytestreams')).rows as unknown[]).length === 1, {
        timeoutMs: 30_000,
      })
      const [row] = (await ended('list-bytestreams')).rows as Record<string, string>[]
      assert.ok(row)
      assert.match(`${row.requester} ${row.target}`, /^alice@example\.test\/\S+ bob@example\.test\/\S+$/)
      const { notes } = await ended('end-bytestream', `${row.relay}/${row.bytestream}`)
      assert.deepEqual(notes, [['info', `Bytestream ${row.bytestream} on ${row.relay} was ended`]])
      const owner = fleet.relays.find(({ name }) => name === row.relay) ?? assert.fail(`there is no ${row.relay}`)
      const { outcome, reason } = await owner.waitForLine(({ msg }) => msg === 'bytestream ended')
      assert.deepEqual([outcome, reason], ['aborted', 'operator'])
      assert.notEqual((await transfer.sender.exited).code, 0)
      const none = await ended('end-bytestream')
      assert.deepEqual(none.notes, [['info', 'No bytestream is live']])
    })

    it('drains a relay, sees it in the statistics, and undrains it', async () => {
      const [first] = fleet.relays
      assert.ok(first)
      const isReady = async () => (await fetch(`${first.healthUrl}/readyz`)).ok
      const drained = await ended('drain-relay', 'relay-0')
      assert.match(JSON.stringify(drained.notes), /relay-0 drains: 0 bytestreams and 0 waiting/)
      assert.equal(await isReady(), false)
      const { values } = await ended('statistics')
      const { relays, draining, unanswered } = values as Record<string, string>
      assert.deepEqual([relays, draining, unanswered], ['2', '1', '0'])
      const undrained = await ended('undrain-relay', 'relay-0')
      assert.deepEqual(undrained.notes, [['info', 'relay-0 takes bytestreams again']])
      assert.equal(await isReady(), true)
    })

    it('tests the advertised addresses', async () => {
      const { notes, rows } = await ended('self-test')
      assert.deepEqual((notes as string[][])[0], ['info', 'Bytes go through every advertised address'])
      assert.deepEqual(
        (rows as Record<string, string>[]).map(({ outcome, relays }) => [outcome, relays]),
        [['passed', 'relay-0 relay-1']],
      )
    })

    it('leaves a line for everything that was done', () => {
      const lines = controls.flatMap((each) => each.lines()).filter(({ msg }) => msg === 'command carried out')
      for (const node of nodes)
        assert.ok(
          lines.some(({ command, admin }) => command === `splice65:${node}` && admin === 'ann@example.test'),
          node,
        )
    })
  })
}

/** Alice sends bob a file that takes minutes. */
async function startTransfer({ xmpp }: Fleet): Promise<AsyncDisposable & { readonly sender: Child }> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('e2e-commands'))
  await writeFile(folder.file('sent.bin'), randomBytes(16 * 1024 * 1024))
  await mkdir(folder.file('into'))
  const login = async (user: string) => {
    await writeFile(folder.file(`${user}.password`), user, { mode: 0o600 })
    const jid = ['--jid', `${user}@${xmpp.domain}`, '--password-file', folder.file(`${user}.password`)]
    return [...jid, '--service', xmpp.service, '--plaintext']
  }
  const start = async (user: string, args: string[], until?: 'ready') =>
    opened.adopt(
      await startCli([...args, ...(await login(user))], {
        name: user,
        logFile: folder.file(`${user}.log`),
        ...(until && { until }),
      }),
      async (child) => void (await child.stop()),
    )
  await start('bob', ['receive', '--from', xmpp.domain, '--into', folder.file('into')], 'ready')
  const to = ['--to', `bob@${xmpp.domain}/splice65`, '--protocol', 'si', '--method', 's5b', '--no-direct']
  const sender = await start('alice', ['send', folder.file('sent.bin'), ...to])
  const running = opened.move()
  return { sender, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
