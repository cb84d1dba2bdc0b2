import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { atLeast, atMost, check, difference, type Figure, formatGoal, isKept, ratio, together } from './findings.ts'

function figure(subject: string, ...rounds: number[]): Figure {
  return { name: 'CPU', subject, unit: 's/GiB', rounds }
}

describe('ratio()', () => {
  it('divides round by round', () => {
    const found = ratio('ours / theirs', atMost(1), figure('ours', 1, 4), figure('theirs', 2, 4))
    assert.deepEqual(found.rounds, [0.5, 1])
  })

  it('has no rounds, and keeps no goal, without both figures', () => {
    for (const goal of [atMost(1), atLeast(1)]) {
      const found = ratio('ours / theirs', goal, figure('ours', 1), undefined)
      assert.deepEqual(found.rounds, [])
      assert.equal(isKept(found), false)
    }
  })
})

describe('difference()', () => {
  it('subtracts round by round', () => {
    assert.deepEqual(difference('', atMost(1), figure('ours', 5), figure('theirs', 3)).rounds, [2])
  })
})

describe('isKept()', () => {
  it('holds the median against the bound, which itself is kept', () => {
    assert.equal(isKept(check('', atMost(2), figure('', 1, 2, 99))), true)
    assert.equal(isKept(check('', atMost(2), figure('', 2.1))), false)
    assert.equal(isKept(check('', atLeast(2), figure('', 2))), true)
    assert.equal(isKept(check('', atLeast(2), figure('', 1.9))), false)
  })
})

describe('formatGoal()', () => {
  it('names bound and unit', () => {
    assert.equal(formatGoal(atMost(1.25)), '≤ 1.25')
    assert.equal(formatGoal(atLeast(3_000, '/s')), '≥ 3000 /s')
  })
})

describe('together()', () => {
  it('keeps everything, in order', () => {
    const [a, b] = [figure('a'), figure('b')]
    const gap = { what: 'c', reason: 'no c' }
    const all = together([
      { figures: [a], ratios: [], gaps: [] },
      { figures: [b], ratios: [], gaps: [gap] },
    ])
    assert.deepEqual(all, { figures: [a, b], ratios: [], gaps: [gap] })
  })
})
