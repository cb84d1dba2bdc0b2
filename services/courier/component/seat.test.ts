import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { LinkState } from '../../shared/component/link.ts'
import { xml } from '../../shared/xmpp/xml.ts'
import { Seat, type SeatParts } from './seat.ts'

/** One lease, as all replicas see it. */
function oneLease() {
  const lease = { holder: undefined as string | undefined, answers: true }
  const asked = () => {
    if (!lease.answers) throw new Failure('unavailable', 'The database does not answer')
  }
  const records: SeatParts['records'] = {
    async take(name, { holder }) {
      asked()
      if (lease.holder !== undefined && lease.holder !== holder) return undefined
      lease.holder = holder
      return { name, holder, fence: 1 }
    },
    async renew({ holder }) {
      asked()
      return lease.holder === holder
    },
    async release({ holder }) {
      if (lease.holder === holder) lease.holder = undefined
    },
  }
  return { lease, records }
}

function setUp(holder = 'a', { lease, records } = oneLease()) {
  const clock = new ManualClock()
  const states: LinkState[] = []
  const told: string[] = []
  const links: { state: 'new' | 'started' | 'stopped'; sent: number }[] = []
  const seat = new Seat(
    {
      records,
      openLink(onState) {
        const link = { state: 'new' as (typeof links)[number]['state'], sent: 0 }
        links.push(link)
        return {
          start() {
            link.state = 'started'
            onState('connected')
          },
          async stop() {
            link.state = 'stopped'
            onState('stopped')
          },
          retry: () => told.push('retried'),
          async send() {
            link.sent += 1
          },
        }
      },
      onState: (state) => states.push(state),
      clock,
      events: { componentStandsBy: () => told.push('standby'), seatLost: (error) => told.push(String(error)) },
    },
    { holder, componentStandbyMs: 1_000 },
  )
  const pass = async (ms: number) => {
    clock.advance(ms)
    await setImmediate()
  }
  return { seat, lease, records, clock, states, told, links, pass }
}

describe('Seat', () => {
  it('connects with the lease, and gives it back when it stops', async () => {
    const { seat, lease, states, links, pass } = setUp()
    await assert.rejects(seat.send(xml('presence')), { code: 'unavailable' })
    seat.start()
    await pass(0)
    assert.deepEqual([seat.state, lease.holder], ['connected', 'a'])
    await seat.send(xml('presence'))
    seat.retry()
    await seat.stop()
    assert.deepEqual(links, [{ state: 'stopped', sent: 1 }])
    assert.equal(lease.holder, undefined)
    assert.deepEqual([states[0], seat.state], ['connected', 'stopped'])
  })

  it('stands by while another replica has it, and follows', async () => {
    const both = oneLease()
    const first = setUp('a', both)
    const second = setUp('b', both)
    first.seat.start()
    await first.pass(0)
    second.seat.start()
    await second.pass(0)
    await second.pass(1_000)
    assert.deepEqual([second.states, second.told, second.links], [['standby'], ['standby'], []])
    await first.seat.stop()
    await second.pass(1_000)
    assert.equal(second.seat.state, 'connected')
    await second.seat.stop()
    assert.equal(second.clock.pending, 0)
  })

  it('disconnects when the lease is another’s', async () => {
    const { seat, lease, links, told, pass } = setUp()
    seat.start()
    await pass(0)
    lease.holder = 'b'
    await pass(5_000)
    assert.deepEqual([links[0]?.state, seat.state], ['stopped', 'standby'])
    assert.match(told.join(), /lease of component was lost/)
    await seat.stop()
  })

  it('disconnects when the records do not answer for as long as the lease lasts, and tells of that once', async () => {
    const { seat, lease, links, told, pass } = setUp()
    seat.start()
    await pass(0)
    lease.answers = false
    await pass(5_000)
    assert.equal(seat.state, 'connected')
    for (let passed = 0; passed < 4; passed += 1) await pass(5_000)
    assert.deepEqual([links[0]?.state, seat.state], ['stopped', 'connecting'])
    assert.equal(told.filter((line) => line.includes('does not answer')).length, 1)
    lease.answers = true
    await pass(1_000)
    assert.equal(seat.state, 'connected')
    await seat.stop()
  })

  it('stops while it waits', async () => {
    const { seat, lease, pass, clock } = setUp()
    lease.holder = 'b'
    seat.start()
    await pass(0)
    await seat.stop()
    assert.deepEqual([seat.state, clock.pending], ['stopped', 0])
  })
})
