import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { memorySubscriptions } from '../../../test/support/memory-subscriptions.ts'
import { presenceScene } from '../../../test/support/presence-scene.ts'
import { OwnPresence } from './own-presence.ts'

const bobs = 'bob\\40ex.com@courier.ex.com'
const service = 'courier.ex.com'

function setUp() {
  const scene = presenceScene()
  const records = memorySubscriptions()
  const clock = new ManualClock()
  const failures: unknown[] = []
  const presence = new OwnPresence(
    {
      switchboard: scene.switchboard,
      records,
      mayFollow: ({ domain }) => domain === 'ex.com',
      clock,
      events: { presenceFailed: (error) => failures.push(error) },
    },
    { componentDomain: service, presencePerSecond: 10 },
  )
  const ask = (type: string, to: string, from = 'alice@ex.com') =>
    scene.come(`<presence type='${type}' from='${from}' to='${to}'/>`)
  return { ...scene, scene, records, clock, failures, presence, ask }
}

describe('OwnPresence', () => {
  it('lets a user follow an address, and shows him its resource', async () => {
    const { ask, sent, records } = setUp()
    await ask('subscribe', bobs)
    assert.deepEqual(await sent(), [
      `subscribed ${bobs} alice@ex.com`,
      `available ${bobs}/courier alice@ex.com <c of="user"/>`,
    ])
    await ask('subscribe', service)
    assert.deepEqual(await sent(), [
      `subscribed ${service} alice@ex.com`,
      `available ${service} alice@ex.com <c of="service"/>`,
    ])
    assert.deepEqual((await records.subscription('alice@ex.com')).follows, [bobs, service])
  })

  it('remembers several that come at once', async () => {
    const { ask, records, sent } = setUp()
    const names = ['bob', 'carol', 'dave'].map((name) => `${name}\\40ex.com@courier.ex.com`)
    await Promise.all(names.map((name) => ask('subscribe', name)))
    assert.equal((await sent()).length, 6)
    assert.deepEqual((await records.subscription('alice@ex.com')).follows, names)
  })

  it('answers a probe where it was asked from, for a follower it had forgotten too', async () => {
    const { ask, sent, records } = setUp()
    await ask('probe', bobs, 'alice@ex.com/phone')
    assert.deepEqual(await sent(), [`available ${bobs}/courier alice@ex.com/phone <c of="user"/>`])
    assert.deepEqual((await records.subscription('alice@ex.com')).follows, [bobs])
  })

  it('lets nobody follow who may not, nor an address that is nobody’s', async () => {
    const { ask, sent } = setUp()
    await ask('subscribe', bobs, 'mallory@ex.net')
    await ask('probe', bobs, 'mallory@ex.net')
    await ask('subscribe', 'bob@courier.ex.com')
    assert.deepEqual(await sent(), [
      `unsubscribed ${bobs} mallory@ex.net`,
      `unsubscribed ${bobs} mallory@ex.net`,
      'unsubscribed bob@courier.ex.com alice@ex.com',
    ])
  })

  it('lets go who follows no more, and answers that once', async () => {
    const { ask, sent, records } = setUp()
    await ask('subscribe', bobs)
    await sent()
    await ask('unsubscribe', bobs)
    await ask('unsubscribe', bobs)
    assert.deepEqual(await sent(), [`unavailable ${bobs}/courier alice@ex.com`, `unsubscribed ${bobs} alice@ex.com`])
    assert.deepEqual((await records.subscription('alice@ex.com')).follows, [])
  })

  it('tells its followers by and by when it is connected again', async () => {
    const { ask, sent, presence, clock } = setUp()
    await ask('subscribe', bobs)
    await ask('subscribe', service)
    await ask('subscribe', bobs, 'carol@ex.com')
    await sent()
    presence.connected()
    assert.equal((await sent()).length, 1)
    clock.advance(100)
    assert.equal((await sent()).length, 1)
    presence.disconnected()
    assert.equal(clock.pending, 0)
    presence.connected()
    await setImmediate()
    clock.advance(1_000)
    assert.deepEqual((await sent()).map((told) => told.split(' ').slice(0, 3).join(' ')).sort(), [
      `available ${bobs}/courier alice@ex.com`,
      `available ${bobs}/courier carol@ex.com`,
      `available ${service} alice@ex.com`,
    ])
  })

  it('says that it is gone when it stops', async () => {
    const { ask, sent, presence, clock } = setUp()
    await ask('subscribe', bobs)
    await sent()
    await presence.stop()
    assert.deepEqual(await sent(), [`unavailable ${bobs}/courier alice@ex.com`])
    assert.equal(clock.pending, 0)
    await ask('probe', bobs)
    assert.deepEqual(await sent(), [])
  })

  it('stops all the same when nothing can be sent', async () => {
    const { ask, sent, scene, presence, failures } = setUp()
    await ask('subscribe', bobs)
    await sent()
    scene.up = false
    await presence.stop()
    assert.equal(failures.length, 1)
  })
})
