import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBytes } from './format-bytes.ts'

describe('formatBytes()', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1_572_864, '1.5 MiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ] as const) {
    it(`says ${text}`, () => assert.equal(formatBytes(bytes), text))
  }
})
