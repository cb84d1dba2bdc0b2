import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sourceOf } from './source.ts'

describe('sourceOf()', () => {
  for (const [address, source] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2:ffff::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001::', '2001:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', undefined],
    ['', undefined],
  ] as const) {
    it(`of ${address || 'nothing'} is ${source}`, () => assert.equal(sourceOf(address), source))
  }
})
