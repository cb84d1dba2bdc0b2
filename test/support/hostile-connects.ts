import { isIPv4 } from 'node:net'

/** A SOCKS5 request that asks a relay to go somewhere, and the reply code it gets; undefined: closed without one. */
export interface HostileConnect {
  readonly fact: string
  /** What follows the greeting, or stands in its place. */
  readonly bytes: Buffer
  readonly greets: boolean
  readonly rep: number | undefined
}

const CONNECT = 1
const refusedHost = 2
const refusedCommand = 7
const refusedAddress = 8

/** Where a fooled proxy would go: what answers on loopback, metadata services, other hosts. */
const addresses = ['127.0.0.1', '0.0.0.0', '169.254.169.254', '10.0.0.1', '198.51.100.7', '255.255.255.255']
const addressesV6 = {
  'the loopback address': '00000000000000000000000000000001',
  'no address at all': '00000000000000000000000000000000',
  'loopback, mapped': '00000000000000000000ffff7f000001',
  'a metadata service, mapped': '00000000000000000000ffffa9fea9fe',
  'loopback behind NAT64': '0064ff9b00000000000000007f000001',
  'loopback by 6to4': '20027f00000100000000000000000000',
  'a link-local address': 'fe800000000000000000000000000001',
  'a global address': '20010db8000000000000000000000007',
}
const names = [
  'localhost',
  'localhost.',
  'example.com',
  '127.0.0.1',
  '[::1]',
  '0x7f.1',
  '2130706433',
  '127.0.0.1.example.com',
  'metadata.google.internal',
  'unix:/var/run/docker.sock',
  'http://198.51.100.7/',
  `${'a'.repeat(36)}.com`,
  `${'g'.repeat(40)}`,
  `127.0.0.1${'\u0000'.repeat(31)}`,
  `${'0'.repeat(39)}:`,
  `${'0'.repeat(41)}`,
  'x'.repeat(255),
  '',
]

/** Every way of asking for a way out that we know of. */
export const hostileConnects: readonly HostileConnect[] = [
  ...addresses.flatMap((address) =>
    [80, 6379].map((port) =>
      hostile(`CONNECT to ${address} port ${port}`, request(CONNECT, ipv4(address), port), refusedAddress),
    ),
  ),
  ...Object.entries(addressesV6).map(([what, hex]) =>
    hostile(`CONNECT to ${what}`, request(CONNECT, ipv6(hex), 80), refusedAddress),
  ),
  ...names.map((name) => hostile(`CONNECT to ${JSON.stringify(name)}`, request(CONNECT, host(name), 80), refusedHost)),
  ...[2, 3, 0, 255].flatMap((command) => [
    hostile(`command ${command} with an address`, request(command, ipv4('198.51.100.7'), 53), refusedCommand),
    hostile(`command ${command} with a digest`, request(command, host('0'.repeat(40)), 0), refusedCommand),
  ]),
  hostile('CONNECT to an address of no known type', request(CONNECT, Buffer.from([9, 1, 2, 3, 4]), 80), refusedAddress),
  hostile('SOCKS4', Buffer.from([4, 1, 0, 80, 198, 51, 100, 7, 0]), undefined, false),
  hostile(
    'SOCKS4a',
    Buffer.from('\u0004\u0001\u0000\u0050\u0000\u0000\u0000\u0001\u0000localhost\u0000'),
    undefined,
    false,
  ),
  hostile('CONNECT of HTTP', Buffer.from('CONNECT 198.51.100.7:80 HTTP/1.1\r\n\r\n'), undefined, false),
  hostile('a GET of HTTP', Buffer.from('GET http://198.51.100.7/ HTTP/1.1\r\n\r\n'), undefined, false),
  hostile('a PROXY header', Buffer.from('PROXY TCP4 198.51.100.7 198.51.100.8 1 80\r\n'), undefined, false),
]

function hostile(fact: string, bytes: Buffer, rep: number | undefined, greets = true): HostileConnect {
  return { fact, bytes, rep, greets }
}

function request(command: number, address: Buffer, port: number): Buffer {
  return Buffer.concat([Buffer.from([5, command, 0]), address, Buffer.from([port >> 8, port & 255])])
}

function ipv4(address: string): Buffer {
  if (!isIPv4(address)) throw new Error(`Not an IPv4 address: ${address}`)
  return Buffer.from([1, ...address.split('.').map(Number)])
}

function ipv6(hex: string): Buffer {
  return Buffer.concat([Buffer.from([4]), Buffer.from(hex, 'hex')])
}

function host(name: string): Buffer {
  const bytes = Buffer.from(name)
  return Buffer.concat([Buffer.from([3, bytes.length]), bytes])
}
