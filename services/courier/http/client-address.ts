import type { IncomingMessage } from 'node:http'
import { isPublicAddress } from '../../shared/component/nearby.ts'
import type { TrustedProxies } from '../../shared/limits/trusted-proxies.ts'

/**
 * The address that a request comes from: what a trusted proxy says by X-Forwarded-For, else the socket's own. Undefined
 * where nobody says it and the socket's is a private one, which may be a balancer's that hides all clients behind it.
 */
export function clientAddress(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trusted: TrustedProxies,
): string | undefined {
  const { remoteAddress } = socket
  if (remoteAddress === undefined) return undefined
  if (!trusted.includes(remoteAddress)) return isPublicAddress(remoteAddress) ? remoteAddress : undefined
  const told = [headers['x-forwarded-for'] ?? []].flat().join(',')
  // Each proxy adds its peer at the end; what a client wrote himself stands before that.
  return told
    .split(',')
    .map((address) => address.trim())
    .findLast((address) => address !== '' && !trusted.includes(address))
}
