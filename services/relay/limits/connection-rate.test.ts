import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ConnectionRate } from './connection-rate.ts'

/** How many of a thousand are let in at this moment. */
const letIn = (rate: ConnectionRate) => Array.from({ length: 1_000 }, () => rate.take()).filter(Boolean).length

describe('ConnectionRate', () => {
  it('lets a second’s worth in at once, and then as many as time has earned', () => {
    const clock = new ManualClock()
    const rate = new ConnectionRate({ clock }, 100)
    assert.equal(letIn(rate), 100)
    clock.advance(250)
    assert.equal(letIn(rate), 25)
    clock.advance(60_000)
    assert.equal(letIn(rate), 100)
  })

  it('lets everybody in when it is 0', () => {
    assert.equal(letIn(new ConnectionRate({ clock: new ManualClock() }, 0)), 1_000)
  })
})
