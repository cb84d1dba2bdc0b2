import { isIPv4, isIPv6 } from 'node:net'

/**
 * Who counts as one client: an IPv4 address, or the first 64 bits of an IPv6 one, since a single machine has all the
 * others to choose from. Undefined for what is no address.
 */
export function sourceOf(address: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (isIPv4(address)) return address
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return undefined
  // A URL writes the address in full but for one run of zeros.
  const host = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const [head = '', tail = ''] = host.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}
