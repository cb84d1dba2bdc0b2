import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../bytestream/failure.ts'
import { parseTrustedProxies } from './trusted-proxies.ts'

describe('parseTrustedProxies()', () => {
  it('includes what the CIDRs and addresses name, and nothing else', () => {
    const trusted = parseTrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
    for (const address of ['10.255.0.1', '192.0.2.7', '2001:db8:ffff::1', '::1', '::ffff:10.0.0.1']) {
      assert.ok(trusted.includes(address), address)
    }
    for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', '::ffff:11.0.0.1', '', 'unknown']) {
      assert.ok(!trusted.includes(address), address)
    }
  })

  it('includes everybody where it is told so', () => {
    const trusted = parseTrustedProxies(['0.0.0.0/0', '::/0'])
    assert.ok(trusted.includes('198.51.100.1'))
    assert.ok(trusted.includes('2001:db8::1'))
  })

  it('refuses what is neither an address nor a CIDR', () => {
    for (const text of [
      '',
      'localhost',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0/8',
      '::/129',
    ]) {
      assert.throws(
        () => parseTrustedProxies([text]),
        (error) => error instanceof Failure && error.code === 'malformed',
        text,
      )
    }
  })
})
