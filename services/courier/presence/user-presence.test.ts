import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { memorySubscriptions } from '../../../test/support/memory-subscriptions.ts'
import { presenceScene } from '../../../test/support/presence-scene.ts'
import { UserPresence } from './user-presence.ts'

const service = 'courier.ex.com'
const bob = 'bob@ex.com'

function setUp() {
  const scene = presenceScene()
  const records = memorySubscriptions()
  const clock = new ManualClock()
  const failures: unknown[] = []
  const arrivals: string[] = []
  const presence = new UserPresence(
    {
      switchboard: scene.switchboard,
      records,
      mayReceive: ({ domain }) => domain === 'ex.com',
      clock,
      events: { arrived: () => {}, subscriptionAsked: () => {}, presenceFailed: (error) => failures.push(error) },
    },
    { componentDomain: service, presencePerSecond: 10 },
  )
  presence.onArrival((user) => arrivals.push(user))
  const come = (type: string, from: string, { to = service, content = '' } = {}) =>
    scene.come(`<presence ${type && `type='${type}'`} from='${from}' to='${to}'>${content}</presence>`)
  return { ...scene, scene, records, clock, failures, arrivals, presence, comes: come, tell: scene.come }
}

type Scene = ReturnType<typeof setUp>
const online = ({ presence }: Scene, user = bob) => presence.resources(user).map(({ jid }) => jid)
const grant = (type: string, { from = 'ex.com', namespace = 'urn:xmpp:privilege:2' } = {}) =>
  `<message from='${from}' to='${service}'><privilege xmlns='${namespace}'><perm access='presence' type='${type}'/></privilege></message>`

describe('UserPresence', () => {
  it('knows who comes and goes, and tells each arrival once', async () => {
    const scene = setUp()
    await scene.comes('', `${bob}/phone`, { content: '<priority>5</priority>' })
    await scene.comes('', `${bob}/desk`, { content: '<priority>nonsense</priority>' })
    await scene.comes('', `${bob}/phone`, { content: '<priority>-1</priority>' })
    assert.deepEqual(scene.presence.resources(bob), [
      { jid: `${bob}/desk`, priority: 0 },
      { jid: `${bob}/phone`, priority: -1 },
    ])
    assert.deepEqual(scene.arrivals, [bob, bob])
    await scene.comes('unavailable', `${bob}/desk`)
    assert.deepEqual(online(scene), [`${bob}/phone`])
    await scene.comes('error', bob)
    assert.deepEqual(online(scene), [])
  })

  it('takes presence sent to any address for an arrival, and not for an agreement', async () => {
    const scene = setUp()
    await scene.comes('', `${bob}/phone`, { to: 'alice\\40ex.com@courier.ex.com' })
    assert.deepEqual(scene.arrivals, [bob])
    assert.equal(await scene.presence.agreed(bob), false)
  })

  it('takes no notice of those for whom nothing is kept, nor of servers', async () => {
    const scene = setUp()
    await scene.comes('', 'mallory@ex.net/x')
    await scene.comes('', 'ex.com')
    await scene.comes('subscribed', 'mallory@ex.net')
    assert.deepEqual(scene.arrivals, [])
    assert.equal(await scene.presence.agreed('mallory@ex.net'), false)
  })

  it('forgets after a while those for whom nothing waits', async () => {
    const scene = setUp()
    await scene.comes('', `${bob}/phone`)
    await scene.comes('', 'carol@ex.com/phone')
    await scene.comes('', 'dave@ex.com/phone')
    scene.records.waiting = [bob]
    await scene.presence.await('dave@ex.com')
    scene.clock.advance(60_000)
    await setImmediate()
    assert.deepEqual(
      [online(scene).length, online(scene, 'carol@ex.com').length, online(scene, 'dave@ex.com').length],
      [1, 0, 1],
    )
  })

  for (const namespace of ['urn:xmpp:privilege:1', 'urn:xmpp:privilege:2']) {
    it(`remembers those whom their server shows us by ${namespace}, who could not be asked for again`, async () => {
      const scene = setUp()
      await scene.tell(grant('managed_entity', { namespace }))
      await scene.comes('', `${bob}/phone`)
      scene.clock.advance(60_000)
      await setImmediate()
      assert.deepEqual(online(scene), [`${bob}/phone`])
      await scene.tell(grant('none', { namespace }))
      scene.clock.advance(60_000)
      await setImmediate()
      assert.deepEqual(online(scene), [])
    })
  }

  it('believes what a new subscription shows, and not what was known before', async () => {
    const scene = setUp()
    await scene.comes('', `${bob}/gone-without-a-word`)
    await scene.comes('subscribed', bob)
    await scene.comes('', `${bob}/phone`)
    assert.deepEqual(online(scene), [`${bob}/phone`])
    assert.deepEqual(scene.arrivals, [bob, bob])
  })

  it('believes what a new subscription shows, though it came before the subscription was recorded', async () => {
    const scene = setUp()
    const asking = scene.presence.await(bob)
    await Promise.all([asking, scene.comes('subscribed', bob), scene.comes('', `${bob}/phone`)])
    assert.deepEqual(online(scene), [`${bob}/phone`])
  })

  it('lets no user grant what is his server’s to grant', async () => {
    const scene = setUp()
    await scene.tell(grant('managed_entity', { from: 'mallory@ex.com' }))
    await scene.comes('', `${bob}/phone`)
    scene.clock.advance(60_000)
    await setImmediate()
    assert.deepEqual(online(scene), [])
  })

  it('leaves no timer when it stops', () => {
    const { presence, clock } = setUp()
    presence.stop()
    assert.equal(clock.pending, 0)
  })
})

describe('UserPresence.await()', () => {
  it('asks for a subscription once, and says what for', async () => {
    const { presence, sent } = setUp()
    await Promise.all([presence.await(bob), presence.await(bob)])
    await presence.await(bob)
    assert.deepEqual(await sent(), [
      `subscribe ${service} ${bob} <status>Files wait for you here. If I may see when you are online, they are offered to your client.</status>`,
    ])
  })

  it('asks again when the question could not be sent', async () => {
    const { presence, sent, scene } = setUp()
    scene.up = false
    await assert.rejects(presence.await(bob))
    scene.up = true
    await presence.await(bob)
    assert.equal((await sent()).length, 1)
  })

  it('probes him who agreed', async () => {
    const { presence, comes, sent } = setUp()
    await presence.await(bob)
    await comes('subscribed', bob)
    await sent()
    assert.equal(await presence.agreed(bob), true)
    await presence.await(bob)
    assert.deepEqual(await sent(), [`probe ${service} ${bob}`])
  })

  it('does not ask him again who refused', async () => {
    const scene = setUp()
    await scene.presence.await(bob)
    await scene.comes('', `${bob}/phone`)
    await scene.comes('unsubscribed', bob)
    await scene.comes('unsubscribed', bob)
    await scene.sent()
    assert.deepEqual([await scene.presence.agreed(bob), online(scene)], [false, []])
    await scene.presence.await(bob)
    assert.deepEqual(await scene.sent(), [])
  })
})

describe('A user who subscribes to the courier', () => {
  it('is asked back, though he refused before', async () => {
    const { presence, comes, sent } = setUp()
    await comes('unsubscribed', bob)
    await comes('subscribe', bob)
    assert.match((await sent()).join(), new RegExp(`^subscribe ${service} ${bob} `))
    await comes('subscribed', bob)
    assert.equal(await presence.agreed(bob), true)
    await comes('subscribe', bob)
    assert.deepEqual(await sent(), [])
  })

  it('is not asked back for the address of another', async () => {
    const { comes, sent } = setUp()
    await comes('subscribe', bob, { to: 'alice\\40ex.com@courier.ex.com' })
    await comes('subscribed', bob, { to: 'alice\\40ex.com@courier.ex.com' })
    assert.deepEqual(await sent(), [])
  })
})

describe('UserPresence.connected()', () => {
  it('probes those for whom something waits and who agreed, by and by', async () => {
    const { presence, records, comes, sent, clock } = setUp()
    const users = [bob, 'carol@ex.com', 'dave@ex.com']
    for (const user of users) await comes('subscribed', user)
    records.waiting = [bob, 'carol@ex.com', 'erin@ex.com']
    presence.disconnected()
    presence.connected()
    assert.deepEqual(await sent(), [`probe ${service} ${bob}`])
    clock.advance(100)
    assert.deepEqual(await sent(), [`probe ${service} carol@ex.com`])
    clock.advance(10_000)
    assert.deepEqual(await sent(), [])
  })

  it('knows nothing of what was before', async () => {
    const scene = setUp()
    await scene.comes('', `${bob}/phone`)
    scene.presence.disconnected()
    assert.deepEqual(online(scene), [])
  })
})
