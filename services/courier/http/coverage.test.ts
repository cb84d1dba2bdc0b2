import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Coverage } from './coverage.ts'

describe('Coverage', () => {
  it('is complete with the whole', () => {
    assert.ok(new Coverage().completes('a', { start: 0, end: 10 }, 10))
    assert.ok(new Coverage().completes('a', { start: 0, end: 0 }, 0))
  })

  it('is complete with the last piece, in whatever order they came, and then begins anew', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 }), (order) => {
        const coverage = new Coverage()
        const piece = (at: number) => ({ start: at * 3, end: at * 3 + 3 })
        for (const at of order.slice(0, -1)) {
          assert.ok(!coverage.completes('a', piece(at), 30))
          coverage.add('a', piece(at), 30)
        }
        const last = piece(order.at(-1) ?? 0)
        assert.ok(coverage.completes('a', last, 30))
        coverage.add('a', last, 30)
        assert.ok(!coverage.completes('a', last, 30))
      }),
    )
  })

  it('tells files apart', () => {
    const coverage = new Coverage()
    coverage.add('a', { start: 0, end: 5 }, 10)
    assert.ok(!coverage.completes('b', { start: 5, end: 10 }, 10))
    assert.ok(coverage.completes('a', { start: 5, end: 10 }, 10))
  })

  it('forgets the file that was longest not read', () => {
    const coverage = new Coverage()
    for (let file = 0; file <= 1_000; file += 1) coverage.add(String(file), { start: 0, end: 5 }, 10)
    assert.ok(!coverage.completes('0', { start: 5, end: 10 }, 10))
    assert.ok(coverage.completes('1', { start: 5, end: 10 }, 10))
  })

  it('does not follow who reads in more pieces than are remembered', () => {
    const coverage = new Coverage()
    for (let at = 0; at < 65; at += 1) coverage.add('a', { start: at * 2, end: at * 2 + 1 }, 200)
    assert.ok(!coverage.completes('a', { start: 1, end: 200 }, 200))
  })
})
