import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge, type Sample } from './verdict.ts'

const secondMs = 1_000
const hourS = 3_600

describe('judge()', () => {
  const tolerance = { share: 0.1, amount: 5 }

  it('compares the medians of the first and the last quarter', () => {
    const { first, last, limit, outcome } = judge(
      series(16, (i) => i),
      tolerance,
    )
    assert.deepEqual({ first, last, limit, outcome }, { first: 1.5, last: 13.5, limit: 6.5, outcome: 'FAILED' })
  })

  it('allows the greater of a share and an amount', () => {
    const grow = (from: number, by: number) =>
      judge(
        series(40, (i) => (i < 20 ? from : from + by)),
        tolerance,
      )
    assert.equal(grow(10, 5).outcome, 'ok')
    assert.equal(grow(10, 6).outcome, 'FAILED')
    assert.equal(grow(100, 10).outcome, 'ok')
    assert.equal(grow(100, 11).outcome, 'FAILED')
  })

  it('calls what shrinks flat', () => {
    assert.equal(
      judge(
        series(40, (i) => 1_000 - i),
        tolerance,
      ).outcome,
      'ok',
    )
  })

  it('tells the slope in an hour, whatever a few samples say', () => {
    const spiky = series(200, (i) => (i % 10 === 7 ? 1e6 : 50 + i / hourS))
    assert.ok(Math.abs(judge(spiky, tolerance).slopePerHour - 1) < 1e-6)
  })

  it('is not moved by spikes or by saw teeth', () => {
    const teeth = series(400, (i) => 60 + (i % 23) + (i % 50 === 0 ? 500 : 0))
    const { outcome, slopePerHour } = judge(teeth, tolerance)
    assert.equal(outcome, 'ok')
    assert.ok(Math.abs(slopePerHour) < 60, `${slopePerHour} an hour`)
  })

  it('sees a leak below the same saw teeth', () => {
    const leak = series(400, (i) => 60 + (i % 23) + i * 0.05)
    const { outcome, slopePerHour } = judge(leak, tolerance)
    assert.equal(outcome, 'FAILED')
    assert.ok(Math.abs(slopePerHour / (0.05 * hourS) - 1) < 0.2, `${slopePerHour} an hour`)
  })

  it('says of few samples that they are few, even when they grow', () => {
    assert.equal(
      judge(
        series(11, (i) => i * 100),
        tolerance,
      ).outcome,
      'too short',
    )
    assert.equal(judge([], tolerance).outcome, 'too short')
  })
})

/** One sample a second. */
function series(count: number, valueAt: (index: number) => number): Sample[] {
  return Array.from({ length: count }, (_, index) => ({ atMs: index * secondMs, value: valueAt(index) }))
}
