import { lookup as resolve } from 'node:dns'
import { type BlockList, isIP, type LookupFunction } from 'node:net'
import { Failure } from '../bytestream/failure.ts'

/**
 * Keeps a dialler away from addresses that a stranger must not make it reach. Give `lookup` to whatever connects, so
 * that the address checked is the address dialled; call `check` first, because an address needs no lookup.
 */
export interface DialGuard {
  /** Throws `forbidden` when the host is itself a blocked address. */
  check(host: string): void
  readonly lookup: LookupFunction
}

/** A guard against the blocked addresses; without a list it lets everything through. */
export function guardDialling(blocked?: BlockList): DialGuard {
  const isBlocked = (address: string, family: number) =>
    blocked?.check(address, family === 6 ? 'ipv6' : 'ipv4') ?? false
  return {
    check(host) {
      const family = isIP(host)
      if (family > 0 && isBlocked(host, family)) throw refusal(host)
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return callback(error, '', 0)
        const open = addresses.filter(({ address, family }) => !isBlocked(address, family))
        const [first] = open
        if (!first) return callback(refusal(hostname), '', 0)
        if (options.all) callback(null, open)
        else callback(null, first.address, first.family)
      })
    },
  }
}

function refusal(host: string): Failure {
  return new Failure('forbidden', `Connecting to ${host} is not allowed`)
}
