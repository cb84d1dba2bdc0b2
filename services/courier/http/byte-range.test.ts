import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readContentRange, readRange } from './byte-range.ts'

describe('readRange()', () => {
  const size = 1_000
  for (const [header, found] of [
    [undefined, undefined],
    ['', undefined],
    ['bytes=0-499', { start: 0, end: 500 }],
    ['bytes=500-', { start: 500, end: 1_000 }],
    ['bytes=999-999', { start: 999, end: 1_000 }],
    ['bytes=999-99999999999999999999', { start: 999, end: 1_000 }],
    ['bytes=-1', { start: 999, end: 1_000 }],
    ['bytes=-5000', { start: 0, end: 1_000 }],
    ['Bytes=-500', { start: 500, end: 1_000 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=99999999999999999999-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // What is no range, and several of them: the whole.
    ['bytes=-', undefined],
    ['bytes=5-4', undefined],
    ['bytes=0-0,-1', undefined],
    ['bytes=0x1-2', undefined],
    ['bytes=1 - 2', undefined],
    ['items=0-5', undefined],
    ['bytes 0-5', undefined],
  ] as const) {
    it(`reads ${header} of ${size} bytes`, () => assert.deepEqual(readRange(header, size), found))
  }

  it('finds nothing in an empty file', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) assert.equal(readRange(header, 0), 'unsatisfiable')
  })

  it('is what slicing an array is', () => {
    const bound = fc.option(fc.nat(50), { nil: '' as const })
    fc.assert(
      fc.property(bound, bound, fc.nat(40), (first, last, length) => {
        const all = Array.from({ length }, (_, at) => at)
        const found = readRange(`bytes=${first}-${last}`, length)
        const wanted =
          first === ''
            ? last === ''
              ? all
              : last === 0
                ? []
                : all.slice(-last)
            : last === ''
              ? all.slice(first)
              : last < first
                ? all
                : all.slice(first, last + 1)
        if (found === 'unsatisfiable') assert.deepEqual(wanted, [])
        else assert.deepEqual(found ? all.slice(found.start, found.end) : all, wanted)
        if (found && found !== 'unsatisfiable') assert.ok(found.start < found.end && found.end <= length)
      }),
    )
  })
})

describe('readContentRange()', () => {
  it('reads a range, and one that goes to the end', () => {
    assert.deepEqual(readContentRange('bytes 100-199/200'), { start: 100, end: 200, size: 200 })
    assert.deepEqual(readContentRange('bytes 100-/200'), { start: 100, end: 200, size: 200 })
    assert.deepEqual(readContentRange('bytes 0-0/1'), { start: 0, end: 1, size: 1 })
  })

  it('reads nothing else', () => {
    for (const header of [
      '',
      'bytes 0-1/*',
      'bytes */200',
      'bytes 5-4/10',
      'bytes 0-10/10',
      'bytes 10-/10',
      'bytes -5/10',
      'bytes=0-9/10',
      'bytes 0-9',
      'bytes 0-9/9999999999999999',
      'items 0-9/10',
      'bytes -1-9/10',
    ]) {
      assert.equal(readContentRange(header), undefined, header)
    }
  })
})
