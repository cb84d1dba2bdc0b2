import { Failure } from '../bytestream/failure.ts'
import { environmentName } from '../runtime/options.ts'

/**
 * Whoever reaches a gRPC port can end bytestreams and drain relays: off loopback it needs the token. Throws `malformed`
 * where it has none; `service` is whose options these are.
 */
export function demandToken(
  service: string,
  { rpcHost, rpcToken }: { readonly rpcHost: string; readonly rpcToken?: string | undefined },
): void {
  if (rpcToken || ['127.0.0.1', '::1', 'localhost'].includes(rpcHost)) return
  const variable = `${environmentName(service, 'rpcToken')}_FILE`
  throw new Failure('malformed', `${variable} is needed: gRPC listens on ${rpcHost}, which others can reach`)
}
