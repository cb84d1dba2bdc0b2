import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimit, RateLimits } from './rate-limit.ts'

describe('RateLimit.charge()', () => {
  it('gives a burst for nothing, and then the time the bytes are worth', () => {
    const limit = new RateLimit(1_000_000)
    assert.equal(limit.charge(40_000), 0)
    const waitMs = limit.charge(1_000_000)
    // 1.04 s worth of bytes, less the burst of 50 ms and what this test took.
    assert.ok(waitMs > 900 && waitMs <= 990, `${waitMs} ms`)
  })

  it('adds up the debts of all that share it, on any thread', () => {
    const limit = new RateLimit(1_000_000)
    const elsewhere = new RateLimit(limit.shared)
    const first = limit.charge(1_000_000)
    const second = elsewhere.charge(1_000_000)
    assert.ok(second - first > 950 && second - first <= 1_000, `${second - first} ms`)
  })
})

describe('RateLimit.chunkBytes', () => {
  it('shrinks with the flows that share the limit, to a bound', () => {
    const limit = new RateLimit(100_000_000)
    limit.enter()
    assert.equal(limit.chunkBytes, 1_000_000)
    for (let flows = 1; flows < 10; flows++) limit.enter()
    assert.equal(limit.chunkBytes, 100_000)
    assert.equal(new RateLimit(1_000).chunkBytes, 4_096)
    assert.equal(limit.leave(), 9)
  })
})

describe('RateLimits', () => {
  it('charges all of them, and the slowest decides', () => {
    const [fast, slow] = [new RateLimit(1_000_000_000), new RateLimit(1_000_000)]
    const limits = new RateLimits([fast, slow])
    assert.equal(limits.chunkBytes, 10_000)
    assert.ok(limits.charge(1_000_000) > 900)
    assert.equal(fast.charge(1), 0)
  })
})
