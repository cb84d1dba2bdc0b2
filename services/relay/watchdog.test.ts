import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Watchdog } from './watchdog.ts'

const limits = { idleTimeoutMs: 600, stallTimeoutMs: 120, lifetimeMs: 0, maxBytestreamBytes: 0 }
const counters = (first: number, second = 0, blocked = false) => ({
  fromFirst: { bytes: first, blocked },
  fromSecond: { bytes: second, blocked: false },
})

describe('Watchdog.look()', () => {
  it('lets a one-way transfer run for as long as it moves', () => {
    const watchdog = new Watchdog(limits, 0)
    for (let now = 100; now < 100_000; now += 100) assert.equal(watchdog.look(now, counters(now)), undefined)
  })

  it('ends a bytestream that is silent in both directions', () => {
    const watchdog = new Watchdog(limits, 0)
    assert.equal(watchdog.look(100, counters(5)), undefined)
    assert.equal(watchdog.look(699, counters(5)), undefined)
    assert.deepEqual(watchdog.look(700, counters(5)), { outcome: 'expired', reason: 'idle' })
  })

  it('ends one that has never moved', () => {
    assert.deepEqual(new Watchdog(limits, 0).look(600, counters(0)), { outcome: 'expired', reason: 'idle' })
  })

  it('ends one whose receiver takes nothing, even while the other direction moves', () => {
    const watchdog = new Watchdog(limits, 0)
    assert.equal(watchdog.look(10, counters(5, 1, true)), undefined)
    assert.equal(watchdog.look(129, counters(5, 2, true)), undefined)
    assert.deepEqual(watchdog.look(130, counters(5, 3, true)), { outcome: 'expired', reason: 'stalled' })
  })

  it('lets a slow receiver be, that takes a byte now and then', () => {
    const watchdog = new Watchdog(limits, 0)
    for (let now = 100; now < 10_000; now += 100)
      assert.equal(watchdog.look(now, counters(now / 100, 0, true)), undefined)
  })

  it('ends one that is too large, both directions together, only where a bound is set', () => {
    const watchdog = new Watchdog({ ...limits, maxBytestreamBytes: 100 }, 0)
    assert.equal(watchdog.look(1, counters(60, 40)), undefined)
    assert.deepEqual(watchdog.look(2, counters(60, 41)), { outcome: 'exceeded', reason: 'size' })
    assert.equal(new Watchdog(limits, 0).look(1, counters(1e15)), undefined)
  })

  it('ends one that is too old, only where a bound is set', () => {
    const watchdog = new Watchdog({ ...limits, lifetimeMs: 1_000 }, 0)
    assert.equal(watchdog.look(999, counters(1)), undefined)
    assert.deepEqual(watchdog.look(1_000, counters(2)), { outcome: 'expired', reason: 'lifetime' })
  })
})
