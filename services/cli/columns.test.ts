import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fit, table, widthOf } from './columns.ts'

describe('table()', () => {
  it('makes every column as wide as it must be, numbers at the right', () => {
    const columns = [
      { title: 'NAME', cell: ([name]: readonly [string, number]) => name },
      { title: 'SIZE', cell: ([, size]: readonly [string, number]) => String(size), right: true },
      { title: '', cell: () => 'x' },
    ]
    assert.deepEqual(
      table(columns, [
        ['a', 5],
        ['longer', 12_345],
      ]),
      ['NAME     SIZE', 'a           5  x', 'longer  12345  x'],
    )
  })

  it('goes by what characters take on a terminal', () => {
    const columns = [
      { title: 'A', cell: (text: string) => text },
      { title: '', cell: () => '|' },
    ]
    assert.deepEqual(table(columns, ['日本', 'abcd', 'e\u0301']), ['A', '日本  |', 'abcd  |', 'e\u0301     |'])
  })
})

describe('fit()', () => {
  it('leaves what fits, and cuts what does not to exactly the room there is', () => {
    assert.equal(fit('abc', 3), 'abc')
    assert.equal(fit('abcd', 3), 'ab…')
    assert.equal(fit('日本語', 4), '日…')
    assert.equal(fit('abc', 0), '')
  })
})

describe('widthOf()', () => {
  it('counts places, not characters', () => {
    assert.deepEqual(['abc', '日本', 'e\u0301', '🎉', '…', ''].map(widthOf), [3, 4, 1, 2, 1, 0])
  })
})
