import { BlockList, isIP, isIPv6 } from 'node:net'
import { Failure } from '../bytestream/failure.ts'

/** Who may say, for the connections it makes, where a client comes from. */
export interface TrustedProxies {
  /** Whether this address is one of theirs; an IPv4 address may come as IPv6 shows it (`::ffff:10.0.0.1`). */
  includes(address: string): boolean
}

/** Reads addresses and CIDRs, `10.0.0.0/8` or `2001:db8::1`. Throws `malformed` for what is neither. */
export function parseTrustedProxies(texts: readonly string[]): TrustedProxies {
  const trusted = new BlockList()
  for (const text of texts) {
    const [address = '', bits, ...more] = text.split('/')
    const version = isIP(address)
    const most = version === 4 ? 32 : 128
    const prefix = bits === undefined ? most : Number(bits)
    if (version === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits ?? '0') || prefix > most) {
      throw new Failure('malformed', `Cannot trust ${JSON.stringify(text)}: it must be an address or a CIDR`)
    }
    trusted.addSubnet(address, prefix, familyOf(address))
  }
  return { includes: (address) => isIP(address) !== 0 && trusted.check(address, familyOf(address)) }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
