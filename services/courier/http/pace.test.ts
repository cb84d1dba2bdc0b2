import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Pace } from './pace.ts'

describe('Pace', () => {
  let clock: ManualClock
  let stalls: number
  let pace: Pace
  beforeEach(() => {
    clock = new ManualClock()
    stalls = 0
    pace = new Pace({ clock }, 1_000, () => {
      stalls += 1
    })
  })

  it('calls back once when a peer moves nothing', () => {
    clock.advance(999)
    assert.equal(stalls, 0)
    clock.advance(10_000)
    assert.equal(stalls, 1)
    assert.equal(clock.pending, 0)
  })

  it('calls back when a peer drips', () => {
    for (let second = 0; second < 2; second += 1) {
      pace.moved(100)
      clock.advance(500)
    }
    assert.equal(stalls, 1)
  })

  it('leaves a peer alone that moves enough', () => {
    for (let second = 0; second < 100; second += 1) {
      pace.moved(16 * 1024)
      clock.advance(1_000)
    }
    assert.equal(stalls, 0)
    pace.stop()
    assert.equal(clock.pending, 0)
  })

  it('does not hold our own time against it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const excused = pace.excuse(promise)
    clock.advance(60_000)
    assert.equal(stalls, 0)
    resolve()
    await excused
    // From here on it is the peer's turn: what was left of its time, at most all of it.
    clock.advance(1_000)
    assert.equal(stalls, 1)
  })

  it('does not take drips for work of ours', async () => {
    for (let drip = 0; drip < 1_000 && stalls === 0; drip += 1) {
      clock.advance(100)
      pace.moved(1)
      await pace.excuse(Promise.resolve())
    }
    assert.equal(stalls, 1)
    assert.ok(clock.now() <= 2_000)
  })
})
