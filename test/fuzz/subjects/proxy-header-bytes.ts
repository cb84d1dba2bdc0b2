import type { Choices } from '../choices.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const texts = [
  'PROXY TCP4 192.0.2.1 203.0.113.5 1234 7777\r\n',
  'PROXY TCP6 2001:DB8::1 2001:db8:0:0:0:0:0:5 65535 0\r\n',
  'PROXY UNKNOWN\r\n',
  'PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n',
  'PROXY TCP4 192.0.2.1 203.0.113.5 01 65536\r\n',
] as const

/** A PROXY header of either version, good or nearly so. */
export function makeProxyHeader(choices: Choices): Buffer {
  const header = choices.oneIn(2) ? makeBinary(choices) : Buffer.from(choices.pick(texts))
  return choices.oneIn(3) ? choices.damage(header) : header
}

function makeBinary(choices: Choices): Buffer {
  const command = choices.pick([0x21, 0x20, 0x22, 0x31, 0x11])
  const family = choices.pick([0x11, 0x21, 0x00, 0x12, 0x31, 0xff])
  const body = choices.oneIn(8)
    ? Buffer.alloc(choices.below(4_200), choices.below(256))
    : Buffer.concat([Buffer.alloc(choices.pick([12, 36, 0, 216, 11]), 7), choices.bytes(8)])
  const length = choices.oneIn(8) ? choices.below(0x10000) : body.length
  return Buffer.concat([signature, Buffer.from([command, family, length >> 8, length & 0xff]), body])
}
