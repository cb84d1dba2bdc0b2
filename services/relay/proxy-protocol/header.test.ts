import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readProxyHeader } from '../../../test/support/read-proxy-header.ts'
import { ProxyHeader } from './header.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n')
const ipv4 = Buffer.from('c0000201cb00710504d21e61', 'hex')
const ipv6 = Buffer.from(`${'20010db8'.padEnd(31, '0')}1${'20010db8'.padEnd(31, '0')}504d21e61`, 'hex')

function binary(versionAndCommand: number, family: number, body: Buffer, length = body.length): Buffer {
  return Buffer.concat([signature, Buffer.from([versionAndCommand, family, length >> 8, length & 0xff]), body])
}

/** Both forms of a header, with the address that it names. */
const good: readonly [what: string, header: Buffer, source: string | undefined][] = [
  ['TCP4 as text', Buffer.from('PROXY TCP4 192.0.2.1 203.0.113.5 1234 7777\r\n'), '192.0.2.1'],
  ['TCP6 as text', Buffer.from('PROXY TCP6 2001:DB8::1 2001:db8:0:0:0:0:0:5 65535 0\r\n'), '2001:db8::1'],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['UNKNOWN with addresses', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n'), undefined],
  ['TCP over IPv4', binary(0x21, 0x11, ipv4), '192.0.2.1'],
  ['TCP over IPv6', binary(0x21, 0x21, ipv6), '2001:db8::1'],
  ['an unspecified family', binary(0x21, 0x00, Buffer.alloc(0)), undefined],
  ['TLVs behind the addresses', binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(4_000, 0x04)])), '192.0.2.1'],
  ['LOCAL', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['LOCAL with addresses', binary(0x20, 0x11, ipv4), undefined],
]

const bad: readonly [what: string, input: Buffer, fault: 'missing' | 'malformed'][] = [
  ['a SOCKS5 greeting', Buffer.from([5, 1, 0]), 'missing'],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'missing'],
  ['another method that begins with P', Buffer.from('PUT / HTTP/1.1\r\n'), 'missing'],
  ['lower case', Buffer.from('proxy TCP4 192.0.2.1 203.0.113.5 1 2\r\n'), 'missing'],
  ['empty lines', Buffer.from('\r\n\r\n\r\n\r\n'), 'missing'],
  ['a line without an end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`), 'malformed'],
  ['an end behind the 107th byte', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), 'malformed'],
  ['no family', Buffer.from('PROXY \r\n'), 'malformed'],
  ['another family', Buffer.from('PROXY UDP4 192.0.2.1 203.0.113.5 1 2\r\n'), 'malformed'],
  ['a family of JavaScript', Buffer.from('PROXY constructor 192.0.2.1 203.0.113.5 1 2\r\n'), 'malformed'],
  ['IPv6 as TCP4', Buffer.from('PROXY TCP4 2001:db8::1 203.0.113.5 1 2\r\n'), 'malformed'],
  ['IPv4 as TCP6', Buffer.from('PROXY TCP6 192.0.2.1 2001:db8::1 1 2\r\n'), 'malformed'],
  ['a name', Buffer.from('PROXY TCP4 localhost 203.0.113.5 1 2\r\n'), 'malformed'],
  ['no destination', Buffer.from('PROXY TCP4 192.0.2.1\r\n'), 'malformed'],
  ['one port', Buffer.from('PROXY TCP4 192.0.2.1 203.0.113.5 1\r\n'), 'malformed'],
  ['a port too high', Buffer.from('PROXY TCP4 192.0.2.1 203.0.113.5 65536 2\r\n'), 'malformed'],
  ['a port with leading zeros', Buffer.from('PROXY TCP4 192.0.2.1 203.0.113.5 01 2\r\n'), 'malformed'],
  ['two spaces', Buffer.from('PROXY TCP4  192.0.2.1 203.0.113.5 1 2\r\n'), 'malformed'],
  ['more behind the ports', Buffer.from('PROXY TCP4 192.0.2.1 203.0.113.5 1 2 3\r\n'), 'malformed'],
  ['version 3', binary(0x31, 0x11, ipv4), 'malformed'],
  ['an unknown command', binary(0x22, 0x11, ipv4), 'malformed'],
  ['a datagram', binary(0x21, 0x12, ipv4), 'malformed'],
  ['a UNIX socket', binary(0x21, 0x31, Buffer.alloc(216)), 'malformed'],
  ['too few bytes of addresses', binary(0x21, 0x11, ipv4.subarray(1)), 'malformed'],
  ['IPv6 with the length of IPv4', binary(0x21, 0x21, ipv4), 'malformed'],
  ['4097 bytes to come', binary(0x21, 0x11, Buffer.alloc(0), 4_097), 'malformed'],
]

describe('ProxyHeader', () => {
  for (const [what, header, source] of good) {
    it(`reads ${what}, and leaves what is behind it`, () => {
      assert.deepEqual(readProxyHeader(Buffer.concat([header, Buffer.from('hello')])), {
        step: 'read',
        source,
        rest: Buffer.from('hello'),
      })
    })

    it(`waits for more at every byte of ${what}`, () => {
      for (let length = 0; length < header.length; length++) {
        assert.equal(readProxyHeader(header.subarray(0, length)), undefined, `after ${length}`)
      }
    })
  }

  for (const [what, input, fault] of bad) {
    it(`refuses ${what} as ${fault}`, () => {
      const step = readProxyHeader(input)
      assert.ok(step?.step === 'refused')
      assert.equal(step.fault, fault)
      assert.deepEqual(readProxyHeader(...[...input].map((byte) => Buffer.from([byte]))), step)
    })
  }

  it('comes to the same wherever the input is cut', () => {
    const inputs = [...good, ...bad].map(([, input]) => Buffer.concat([input, Buffer.from([5, 1, 0, 5, 1])]))
    fc.assert(
      fc.property(fc.constantFrom(...inputs), fc.array(fc.nat(), { maxLength: 12 }), (input, cuts) => {
        const at = [...new Set([0, ...cuts.map((cut) => cut % (input.length + 1)), input.length])].sort((a, b) => a - b)
        const pieces = at.slice(1).map((end, i) => input.subarray(at[i], end))
        assert.deepEqual(readProxyHeader(...pieces), readProxyHeader(input))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is under way from its first byte', () => {
    const header = new ProxyHeader()
    assert.equal(header.underWay, false)
    header.push(signature.subarray(0, 1))
    assert.equal(header.underWay, true)
  })

  it('never throws, and comes to an end within 4112 bytes', () => {
    const likely = fc.constantFrom(signature, ipv4, ...good.map(([, header]) => header), Buffer.from('PROXY '))
    const piece = fc.oneof(
      likely,
      fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const sent = pieces.reduce((sum, { length }) => sum + length, 0)
        assert.ok(readProxyHeader(...pieces) !== undefined || sent < 4_112)
      }),
      { numRuns: 2_000 },
    )
  })
})
