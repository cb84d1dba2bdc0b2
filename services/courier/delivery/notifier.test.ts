import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { atEnd } from '../../../test/support/at-end.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ParcelShelf, storedParcel } from '../../../test/support/parcel-shelf.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { Notifier } from './notifier.ts'

function setUp(t: TestContext) {
  const clock = new ManualClock()
  const records = new ParcelShelf()
  const failures: unknown[] = []
  const state = { sent: [] as string[], up: true, settles: true }
  const notifier = new Notifier(
    {
      records,
      switchboard: {
        async send({ attrs }) {
          if (!state.up) throw new Failure('unavailable', 'down')
          state.sent.push(String(attrs.id))
        },
        async settled() {
          if (!state.settles) throw new Failure('unavailable', 'silent')
        },
      },
      events: { noticeSent: () => {}, lookFailed: (error) => failures.push(error) },
      clock,
    },
    { componentDomain: 'courier.example.com', noticesMs: 5_000 },
  )
  atEnd(t, () => notifier.stop())
  const note = (...ids: string[]) => {
    for (const id of ids) records.notices.push({ id, kind: 'stored', to: 'alice@example.com', parcel: storedParcel() })
  }
  return { notifier, records, clock, state, failures, note }
}

describe('Notifier', () => {
  it('sends what is to be told when the component connects, in order, and marks it', async (t) => {
    const { notifier, records, state, note } = setUp(t)
    const ids = Array.from({ length: 120 }, (_, index) => `n${index}`)
    note(...ids)
    notifier.connected()
    await turn()
    assert.deepEqual(state.sent, ids)
    assert.deepEqual(
      records.story,
      ids.map((id) => `told ${id}`),
    )
  })

  it('tells at once what it is woken for, and looks now and then', async (t) => {
    const { notifier, state, note, clock } = setUp(t)
    notifier.connected()
    await turn()
    note('one')
    notifier.wake()
    await turn()
    note('two')
    clock.advance(4_999)
    await turn()
    assert.deepEqual(state.sent, ['one'])
    clock.advance(1)
    await turn()
    assert.deepEqual(state.sent, ['one', 'two'])
  })

  it('tells at once what it is woken for while it looks', async (t) => {
    const { notifier, state, note } = setUp(t)
    notifier.connected()
    note('one')
    notifier.wake()
    await turn()
    assert.deepEqual(state.sent, ['one'])
  })

  it('takes nothing while the component is not connected', async (t) => {
    const { notifier, state, note, clock } = setUp(t)
    note('one')
    notifier.wake()
    notifier.connected()
    await turn()
    notifier.disconnected()
    note('two')
    notifier.wake()
    clock.advance(60_000)
    await turn()
    assert.deepEqual(state.sent, ['one'])
    assert.equal(clock.pending, 0)
  })

  it('repeats with the same id what the server may not have taken in', async (t) => {
    const { notifier, records, state, note, clock } = setUp(t)
    note('one')
    state.settles = false
    notifier.connected()
    await turn()
    assert.deepEqual(records.story, [])
    state.settles = true
    clock.advance(5_000)
    await turn()
    assert.deepEqual(state.sent, ['one', 'one'])
    assert.deepEqual(records.story, ['told one'])
  })

  it('repeats with the same id what could not be sent or marked', async (t) => {
    const { notifier, records, state, note, clock, failures } = setUp(t)
    note('one')
    state.up = false
    notifier.connected()
    await turn()
    state.up = true
    t.mock.method(records, 'noticeSent', () => Promise.reject(new Error('away')), { times: 1 })
    clock.advance(5_000)
    await turn()
    clock.advance(5_000)
    await turn()
    assert.deepEqual(state.sent, ['one', 'one'])
    assert.equal(failures.length, 2)
    assert.deepEqual(records.notices, [])
  })
})
