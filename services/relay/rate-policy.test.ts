import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RatePolicy } from './rate-policy.ts'

const none = { streamRateBytes: 0, requesterRateBytes: 0, podRateBytes: 0 }

describe('RatePolicy.of()', () => {
  it('sets no limit where none is wanted', () => {
    assert.deepEqual(new RatePolicy(none).of('a@b/c').limits, [])
  })

  it('gives every bytestream a limit of its own, and shares the requester’s and the relay’s', () => {
    const policy = new RatePolicy({ streamRateBytes: 1, requesterRateBytes: 2, podRateBytes: 3 })
    const rates = ['a@b/c', 'A@B/d', 'x@y/z'].map((requester) => policy.of(requester).limits)
    const [first = [], second = [], other = []] = rates
    const shared = (these: typeof first, those: typeof first) => these.filter((limit) => those.includes(limit))
    assert.deepEqual(
      shared(first, second).map(({ shared: { bytesPerSecond } }) => bytesPerSecond),
      [3, 2],
    )
    assert.deepEqual(
      shared(first, other).map(({ shared: { bytesPerSecond } }) => bytesPerSecond),
      [3],
    )
  })

  it('forgets a requester whose last bytestream has ended', () => {
    const policy = new RatePolicy({ ...none, requesterRateBytes: 1 })
    const [first, second] = [policy.of('a@b/c'), policy.of('a@b/d')]
    first.giveBack()
    assert.equal(policy.of('a@b/e').limits[0], second.limits[0])
    const lonely = new RatePolicy({ ...none, requesterRateBytes: 1 })
    const before = lonely.of('a@b/c')
    before.giveBack()
    assert.notEqual(lonely.of('a@b/c').limits[0], before.limits[0])
  })
})
