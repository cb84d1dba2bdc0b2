import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluateConditions, rangeHolds } from './conditions.ts'

const etag = '"5e88"'
const lastModified = new Date('2026-05-01T10:00:00.700Z')
const validators = { etag, lastModified }
const [before, same, after] = [
  'Fri, 01 May 2026 09:59:59 GMT',
  'Fri, 01 May 2026 10:00:00 GMT',
  'Fri, 01 May 2026 10:00:01 GMT',
]

describe('evaluateConditions()', () => {
  for (const [headers, found] of [
    [{}, undefined],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': `"a", ${etag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"a"' }, undefined],
    [{ 'if-modified-since': same }, 304],
    [{ 'if-modified-since': after }, 304],
    [{ 'if-modified-since': before }, undefined],
    [{ 'if-modified-since': 'yesterday' }, undefined],
    [{ 'if-none-match': '"a"', 'if-modified-since': after }, undefined],
    [{ 'if-match': etag }, undefined],
    [{ 'if-match': '*' }, undefined],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-match': '"a"' }, 412],
    [{ 'if-unmodified-since': same }, undefined],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-match': etag, 'if-unmodified-since': before }, undefined],
    [{ 'if-match': '"a"', 'if-none-match': etag }, 412],
  ] as const) {
    it(`is ${found} for ${JSON.stringify(headers)}`, () => assert.equal(evaluateConditions(headers, validators), found))
  }
})

describe('rangeHolds()', () => {
  it('holds for the same tag, the same date and no condition', () => {
    for (const header of [undefined, etag, same]) {
      assert.ok(rangeHolds(header === undefined ? {} : { 'if-range': header }, validators), header)
    }
  })

  it('does not for another tag or date, and for a weak tag', () => {
    for (const header of ['"a"', `W/${etag}`, before, after, '']) {
      assert.ok(!rangeHolds({ 'if-range': header }, validators), header)
    }
  })
})
