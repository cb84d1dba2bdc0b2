import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startEjabberd } from '../../deploy/local/ejabberd.ts'
import { freePort } from '../../deploy/local/port.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import type { XmppServer } from '../../deploy/local/xmpp-server.ts'
import { createSwitchboard } from '../../services/courier/addresses/switchboard.ts'
import { OwnPresence } from '../../services/courier/presence/own-presence.ts'
import { UserPresence } from '../../services/courier/presence/user-presence.ts'
import { createComponentEvents } from '../../services/shared/component/events.ts'
import { ComponentLink } from '../../services/shared/component/link.ts'
import { systemClock } from '../../services/shared/runtime/clock.ts'
import { createMetrics } from '../../services/shared/runtime/metrics.ts'
import { type Element, xml } from '../../services/shared/xmpp/xml.ts'
import { blocksOf } from '../support/guide.ts'
import { memorySubscriptions } from '../support/memory-subscriptions.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'
import { logInClient } from '../support/xmpp-client.ts'

const domain = 'example.com'
const courier = `courier.${domain}`
const accounts = ['bob', 'carol', 'dave'].map((user) => ({ user, password: user }))

/** Of users: all, or only those who come when the courier is there. */
const servers = [
  { page: 'deploy/examples/prosody.md', language: 'lua', start: startProsody, shows: 'all' },
  { page: 'deploy/examples/ejabberd.md', language: 'yaml', start: startEjabberd, shows: 'later' },
] as const

/** The presence of a courier that is connected to a server. */
async function startPresence(server: XmppServer) {
  const { log } = recordingLog()
  const events = createComponentEvents({ log, metrics: createMetrics('courier') }, 'splice65_courier')
  const failures: unknown[] = []
  const telling = {
    presenceFailed: (error: unknown) => failures.push(error),
    arrived: () => {},
    subscriptionAsked: () => {},
  }
  const switchboard = createSwitchboard(
    {
      send: (stanza) => link.send(stanza),
      budget: { take: () => 'admitted' },
      events: { iqAnswered: () => {}, handlerFailed: (error) => failures.push(error), floodHeld: () => {} },
    },
    { componentDomain: courier, discoName: 'Courier' },
  )
  const records = memorySubscriptions()
  const options = { componentDomain: courier, presencePerSecond: 50 }
  const parts = { switchboard, records, clock: systemClock, events: telling }
  const presence = new UserPresence({ ...parts, mayReceive: () => true }, options)
  const own = new OwnPresence({ ...parts, mayFollow: () => true }, options)
  const link = new ComponentLink(
    { answer: switchboard.receive, events, clock: systemClock, random: Math.random },
    {
      componentDomain: courier,
      componentHost: '127.0.0.1',
      componentPort: server.componentPort,
      componentSecret: 'the secret',
      componentConnectTimeoutMs: 10_000,
      componentRetryMs: 100,
      componentRetryMaxMs: 1_000,
      componentStandbyMs: 1_000,
      componentMisconfiguredRetryMs: 1_000,
      componentPingMs: 60_000,
      componentSilenceMs: 600_000,
    },
  )
  link.start()
  await until('the courier is connected', () => link.state === 'connected')
  presence.connected()
  return {
    presence,
    records,
    online: (user: string) => presence.resources(`${user}@${domain}`).map(({ jid }) => jid.split('/')[1]),
    async stop() {
      presence.stop()
      await own.stop()
      await link.stop()
      assert.deepEqual(failures, [])
    },
  }
}

const isOf = (type: string) => (stanza: Element) =>
  stanza.getName() === 'presence' && stanza.attrs.type === type && stanza.attrs.from === courier

for (const { page, language, start, shows } of servers) {
  describe(`The courier beside a server as in ${page}`, () => {
    let server: XmppServer
    before(async () => {
      const [block = ''] = await blocksOf(page, language, courier)
      const componentPort = await freePort()
      const pasted = block.replace('10.0.0.5', '127.0.0.1').replace('5348', String(componentPort))
      server = await start({ domain, accounts, components: [], componentPort, pasted })
    })
    after(() => server?.stop())

    const scene = async (opened: AsyncDisposableStack) => opened.adopt(await startPresence(server), (it) => it.stop())
    const logIn = (user: string, resource?: string) =>
      logInClient({ xmpp: server, accounts }, { user, ...(resource && { resource }) })

    it('is shown who comes and goes, and takes that for no agreement', async () => {
      await using opened = new AsyncDisposableStack()
      const early = shows === 'all' ? [opened.use(await logIn('bob', 'early'))] : []
      const { presence, online } = await scene(opened)
      await until('who was there before is known', () => online('bob').length === early.length)
      const arrivals: string[] = []
      presence.onArrival((user) => arrivals.push(user))
      const bob = opened.use(await logIn('bob'))
      await until('bob is known', () => online('bob').includes('phone'))
      assert.deepEqual(arrivals, [`bob@${domain}`])
      await bob.send(xml('presence', { type: 'unavailable' }))
      await until('he is gone', () => !online('bob').includes('phone'))
      assert.equal(await presence.agreed(`bob@${domain}`), false)
    })

    it('asks one for whom something waits and who is away, and hears when he is back', async () => {
      await using opened = new AsyncDisposableStack()
      const { presence } = await scene(opened)
      const user = `carol@${domain}`
      await presence.await(user)
      await presence.await(user)
      const carol = opened.use(await logIn('carol'))
      const question = await carol.take('the question', isOf('subscribe'))
      assert.match(question.getChildText('status') ?? '', /Files wait for you/)
      await carol.send(xml('presence', { type: 'subscribed', to: courier }))
      await until('carol has agreed', () => presence.agreed(user))
      // As her client does it: so she sees the courier too.
      await carol.send(xml('presence', { type: 'subscribe', to: courier }))
      await carol.take('presence', (stanza) => stanza.attrs.from === courier && stanza.attrs.type === undefined)
    })

    it('does not ask again who refused', async () => {
      await using opened = new AsyncDisposableStack()
      const { presence, records } = await scene(opened)
      const user = `dave@${domain}`
      const dave = opened.use(await logIn('dave'))
      await presence.await(user)
      await dave.take('the question', isOf('subscribe'))
      await dave.send(xml('presence', { type: 'unsubscribed', to: courier }))
      await until('the refusal is known', async () => (await records.subscription(user)).refused)
      await presence.await(user)
      assert.deepEqual(await records.subscription(user), { sees: false, asked: false, refused: true, follows: [] })
    })
  })
}
