import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { parseJid } from '../bytestream/jid.ts'
import { IqBudget } from './iq-budget.ts'

const alice = parseJid('alice@ex.com/phone')
const bob = parseJid('bob@ex.com/desk')

function setUp() {
  const clock = new ManualClock()
  const budget = new IqBudget({ clock }, { iqsPerSecond: 10, iqBurst: 3 })
  const take = (count: number, jid = alice) => Array.from({ length: count }, () => budget.take(jid))
  return { clock, budget, take }
}

describe('IqBudget', () => {
  it('admits a burst, refuses one request and drops the rest', () => {
    const { take } = setUp()
    assert.deepEqual(take(6), ['admitted', 'admitted', 'admitted', 'refused', 'dropped', 'dropped'])
  })

  it('admits at its rate while the flood goes on, and says no more', () => {
    const { take, clock } = setUp()
    take(5)
    clock.advance(200)
    assert.deepEqual(take(4), ['admitted', 'admitted', 'dropped', 'dropped'])
  })

  it('refuses anew once the sender has rested', () => {
    const { take, clock } = setUp()
    take(5)
    clock.advance(300)
    assert.deepEqual(take(4), ['admitted', 'admitted', 'admitted', 'refused'])
  })

  it('counts the resources of one JID together, and other JIDs apart', () => {
    const { budget, take } = setUp()
    take(3)
    assert.equal(budget.take(parseJid('ALICE@ex.com/desk')), 'refused')
    assert.equal(budget.take(bob), 'admitted')
  })

  it('remembers ten thousand senders and no more, the last to have asked', () => {
    const { budget, take } = setUp()
    take(4)
    for (let i = 0; i < 9_999; i++) budget.take(parseJid(`user${i}@ex.com`))
    assert.deepEqual(take(1), ['dropped'])
    for (let i = 0; i < 30_000; i++) budget.take(parseJid(`other${i}@ex.com`))
    assert.equal(budget.size, 10_000)
    assert.deepEqual(take(1), ['admitted'])
  })
})
