import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { atEnd } from '../../../test/support/at-end.ts'
import { KnownPresence } from '../../../test/support/known-presence.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ParcelShelf, storedParcel } from '../../../test/support/parcel-shelf.ts'
import type { Parcel } from '../parcels/parcel.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import type { RoundResult } from './round.ts'

const bob = 'bob@example.com'
const carol = 'carol@example.com'
const quiet: RoundResult = { waits: 'quietly', delivered: 0 }
const retry: RoundResult = { waits: 'retry', delivered: 0 }

/** A delivery whose rounds a test ends itself: `rounds` are those that have begun. */
function setUp(t: TestContext, options: Partial<DeliveryOptions> = {}) {
  const clock = new ManualClock()
  const presence = new KnownPresence()
  const records = new ParcelShelf()
  const rounds: { recipient: string; signal: AbortSignal; end(result: RoundResult | Error): Promise<void> }[] = []
  const failures: unknown[] = []
  let store = (_parcel: Parcel) => {}
  const delivery = new Delivery(
    {
      records,
      presence,
      reception: {
        onStored(listener) {
          store = listener
          return () => {}
        },
      },
      round(recipient, signal) {
        const { promise, resolve, reject } = Promise.withResolvers<RoundResult>()
        const end = async (result: RoundResult | Error) => {
          if (result instanceof Error) reject(result)
          else resolve(result)
          await turn()
        }
        signal.addEventListener('abort', () => void end(new Error('aborted')))
        rounds.push({ recipient, signal, end })
        return promise
      },
      events: {
        roundFailed: (recipient, error) => failures.push([recipient, error]),
        lookFailed: (error) => failures.push(error),
      },
      clock,
      // The whole of the time.
      random: () => 1,
    },
    {
      deliveriesAtOnce: 2,
      arrivalDelayMs: 3_000,
      deliveryRetryMs: 60_000,
      deliveryRetryMaxMs: 200_000,
      deliverySweepMs: 1_000_000,
      ...options,
    },
  )
  atEnd(t, () => delivery.stop())
  const ended = async (index: number, result: RoundResult | Error) => {
    const round = rounds[index]
    assert.ok(round, `round ${index} has begun`)
    await round.end(result)
  }
  return { delivery, clock, presence, records, rounds, ended, failures, store: (parcel: Parcel) => store(parcel) }
}

describe('Delivery', () => {
  it('looks after everybody for whom something waits when the component connects, a few at once', async (t) => {
    const { delivery, records, rounds, ended } = setUp(t)
    for (const recipient of [bob, carol, 'dave@example.com']) records.put(storedParcel({ recipient }))
    delivery.connected()
    await turn()
    assert.deepEqual(
      rounds.map(({ recipient }) => recipient),
      [bob, carol],
    )
    assert.deepEqual([delivery.active, delivery.queued], [2, 1])
    await ended(0, quiet)
    assert.equal(rounds[2]?.recipient, 'dave@example.com')
  })

  it('does nothing while the component is not connected', async (t) => {
    const { presence, store, rounds, clock, delivery } = setUp(t)
    presence.arrive(`${bob}/phone`)
    store(storedParcel())
    delivery.returned(bob)
    clock.advance(10_000_000)
    await turn()
    assert.equal(rounds.length, 0)
  })

  it('looks after who has come, a moment later', async (t) => {
    const { delivery, presence, rounds, clock } = setUp(t)
    delivery.connected()
    await turn()
    presence.arrive(`${bob}/phone`)
    clock.advance(2_999)
    assert.equal(rounds.length, 0)
    presence.arrive(`${bob}/desk`)
    clock.advance(3_000)
    assert.deepEqual(
      rounds.map(({ recipient }) => recipient),
      [bob],
    )
  })

  it('looks after a recipient at once when something was stored for him', async (t) => {
    const { delivery, store, rounds } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    const { recipient: _, ...uploaded } = storedParcel()
    store(uploaded)
    assert.deepEqual(
      rounds.map(({ recipient }) => recipient),
      [bob],
    )
  })

  it('has one round at a time for a recipient, and another when something happened meanwhile', async (t) => {
    const { delivery, store, rounds, ended } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    store(storedParcel())
    store(storedParcel())
    assert.equal(rounds.length, 1)
    await ended(0, quiet)
    assert.equal(rounds.length, 2)
    await ended(1, quiet)
    assert.equal(rounds.length, 2)
  })

  it('tries again after trouble, later each time up to a limit', async (t) => {
    const { delivery, store, rounds, ended, clock } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    for (const [index, waitMs] of [60_000, 120_000, 200_000, 200_000].entries()) {
      await ended(index, retry)
      clock.advance(waitMs - 1)
      assert.equal(rounds.length, index + 1, `not before ${waitMs} ms`)
      clock.advance(1)
      assert.equal(rounds.length, index + 2)
    }
  })

  it('does not come earlier to one in trouble because something was stored, but because he has come', async (t) => {
    const { delivery, store, presence, rounds, ended, clock } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    await ended(0, retry)
    store(storedParcel())
    assert.equal(rounds.length, 1)
    presence.arrive(`${bob}/phone`)
    clock.advance(3_000)
    assert.equal(rounds.length, 2)
    await ended(1, retry)
    clock.advance(60_000)
    assert.equal(rounds.length, 3, 'the waits begin anew')
  })

  it('forgets the trouble when something was delivered', async (t) => {
    const { delivery, store, rounds, ended, clock } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    await ended(0, retry)
    clock.advance(60_000)
    await ended(1, { waits: 'retry', delivered: 1 })
    clock.advance(60_000)
    assert.equal(rounds.length, 3)
  })

  it('sends what came back again, later each time', async (t) => {
    const { delivery, rounds, ended, clock } = setUp(t)
    delivery.connected()
    await turn()
    for (const [index, waitMs] of [60_000, 120_000].entries()) {
      delivery.returned(bob)
      clock.advance(waitMs - 1)
      assert.equal(rounds.length, index)
      clock.advance(1)
      await ended(index, quiet)
    }
  })

  it('tells of a round that failed, and tries again', async (t) => {
    const { delivery, store, rounds, ended, clock, failures } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    const error = new Error('the database is away')
    await ended(0, error)
    assert.deepEqual(failures, [[bob, error]])
    clock.advance(60_000)
    assert.equal(rounds.length, 2)
  })

  it('breaks off when the component is lost, and begins anew when it is back', async (t) => {
    const { delivery, records, rounds, failures } = setUp(t)
    records.put(storedParcel())
    delivery.connected()
    await turn()
    delivery.disconnected(new Error('lost'))
    assert.equal(rounds[0]?.signal.aborted, true)
    delivery.connected()
    await turn()
    assert.equal(rounds.length, 2)
    assert.equal(rounds[1]?.signal.aborted, false)
    assert.deepEqual(failures, [])
  })

  it('looks after everybody again now and then', async (t) => {
    const { delivery, records, rounds, ended, clock } = setUp(t)
    delivery.connected()
    await turn()
    records.put(storedParcel())
    clock.advance(1_000_000)
    await turn()
    assert.equal(rounds.length, 1)
    await ended(0, quiet)
    clock.advance(1_000_000)
    await turn()
    assert.equal(rounds.length, 2)
  })

  it('looks again soon when the records are away', async (t) => {
    const { delivery, records, rounds, clock, failures } = setUp(t)
    records.put(storedParcel())
    const away = new Error('away')
    t.mock.method(records, 'recipients', () => Promise.reject(away), { times: 1 })
    delivery.connected()
    await turn()
    assert.deepEqual(failures, [away])
    clock.advance(60_000)
    await turn()
    assert.equal(rounds.length, 1)
  })

  it('waits for what runs when it stops', async (t) => {
    const { delivery, store, rounds } = setUp(t)
    delivery.connected()
    await turn()
    store(storedParcel())
    await delivery.stop()
    assert.equal(rounds[0]?.signal.aborted, true)
    assert.equal(delivery.active, 0)
  })
})
