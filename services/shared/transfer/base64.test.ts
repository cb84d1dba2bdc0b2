import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeBase64 } from './base64.ts'

describe('decodeBase64()', () => {
  it('reads what was encoded, broken over lines or not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        assert.deepEqual(decodeBase64(text), Buffer.from(bytes))
        assert.deepEqual(decodeBase64(`\n ${text.replace(/(.{3})/g, '$1\r\n\t')}`), Buffer.from(bytes))
      }),
    )
  })

  for (const text of ['A', 'AA', 'AAA', 'A===', '=AAA', 'AA=A', 'AAA=AAAA', 'AAA-', 'AAA_', 'AA\u00a0AA', 'ÄAAA']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(decodeBase64(text), undefined))
  }
})
