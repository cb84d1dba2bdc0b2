import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** What is not routed on the Internet: loopback, private (RFC 1918, RFC 4193), shared (RFC 6598) and link-local. */
const nearby = new BlockList()
nearby.addSubnet('0.0.0.0', 32, 'ipv4')
nearby.addSubnet('127.0.0.0', 8, 'ipv4')
nearby.addSubnet('10.0.0.0', 8, 'ipv4')
nearby.addSubnet('172.16.0.0', 12, 'ipv4')
nearby.addSubnet('192.168.0.0', 16, 'ipv4')
nearby.addSubnet('100.64.0.0', 10, 'ipv4')
nearby.addSubnet('169.254.0.0', 16, 'ipv4')
nearby.addSubnet('::', 127, 'ipv6')
nearby.addSubnet('fc00::', 7, 'ipv6')
nearby.addSubnet('fe80::', 10, 'ipv6')

/** Whether the way to this host leads over the Internet. Of a name nobody can say before it is resolved. */
export function isPublicAddress(host: string): boolean {
  const family = isIP(host)
  return family > 0 && !nearby.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Resolves names to addresses nearby, for whoever connects, so that the address looked at is the one that is dialled.
 * A name that has none fails with what `refusal` makes of it.
 */
export function lookUpNearby(refusal: (host: string) => Error): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0)
      const near = addresses.filter(({ address }) => !isPublicAddress(address))
      const [first] = near
      if (!first) return callback(refusal(hostname), '', 0)
      if (options.all) callback(null, near)
      else callback(null, first.address, first.family)
    })
  }
}
