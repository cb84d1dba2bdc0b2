import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byRound, growthOf, median, percentile99, spreadOf } from './statistics.ts'

describe('median()', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(median([4, 1, 3, 2]), 2.5)
    assert.equal(median([7]), 7)
  })

  it('is no number for no values', () => {
    assert.ok(Number.isNaN(median([])))
  })

  it('leaves the values in their order', () => {
    const values = [3, 1, 2]
    median(values)
    assert.deepEqual(values, [3, 1, 2])
  })
})

describe('spreadOf()', () => {
  it('is the least and the greatest', () => {
    assert.deepEqual(spreadOf([2, 10, -1]), { min: -1, max: 10 })
  })
})

describe('percentile99()', () => {
  it('leaves out the one of a hundred that took longest', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1)
    assert.equal(percentile99([...values, 101]), 100)
    assert.equal(percentile99([5]), 5)
  })
})

describe('byRound()', () => {
  it('combines values of the same round, as far as both series go', () => {
    assert.deepEqual(
      byRound([10, 20, 30], [5, 4], (a, b) => a / b),
      [2, 5],
    )
  })

  it('tells a machine that slowed down from a subject that did', () => {
    const [ours, theirs] = [
      [1, 10, 2],
      [2, 20, 4],
    ]
    assert.equal(median(byRound(ours, theirs, (a, b) => a / b)), 0.5)
  })
})

describe('growthOf()', () => {
  it('compares the last quarter with the first', () => {
    assert.equal(growthOf([100, 100, 130, 140, 150, 160, 200, 200]), 2)
    assert.equal(growthOf([50]), 1)
  })
})
