import { Failure } from '../../shared/bytestream/failure.ts'
import { parseHost } from '../../shared/bytestream/host.ts'
import type { KubernetesApi } from './kubernetes.ts'
import { nodeAddress } from './node-address.ts'
import { serviceAddress } from './service-address.ts'
import { fillPort, fillTemplate } from './template.ts'

/** Where clients dial. */
export interface Address {
  /** As `parseHost` gives it. */
  readonly host: string
  readonly port: number
}

/**
 * Finds the address at which clients reach the relay's own listener, which listens on `listenPort`. Throws a `Failure`:
 * `not-ready` and `not-found` say that there is no address now, any other that nobody can tell.
 */
export type FindAddress = (listenPort: number) => Promise<Address>

export interface FindAddressOptions {
  readonly pod: string
  readonly publicAddressFrom: 'option' | 'node' | 'service'
  readonly publicHost?: string | undefined
  readonly publicPort?: string | undefined
  readonly nodeName?: string | undefined
  readonly publicService?: string | undefined
  readonly namespace?: string | undefined
}

/** How this relay's public address is found, by its options. Throws `malformed` when they do not tell. */
export function findAddressBy(
  { kubernetes }: { readonly kubernetes: KubernetesApi },
  options: FindAddressOptions,
): FindAddress {
  const { pod, publicAddressFrom, nodeName } = options
  const host = options.publicHost && parseHost(fillTemplate(options.publicHost, pod))
  const port = options.publicPort && fillPort(options.publicPort, pod)

  /** The host of this relay's node; `publicHost` stands in for one that has no address of its own. */
  async function nodeHost(): Promise<string> {
    if (!nodeName) throw new Failure('malformed', 'Cannot find the address of the node: RELAY_NODE_NAME is not set')
    const found = nodeAddress(await kubernetes.read({ resource: 'nodes', name: nodeName })) ?? host
    if (found) return parseHost(found)
    const advice = 'set RELAY_PUBLIC_HOST to what leads to it'
    throw new Failure('not-ready', `Node ${nodeName} has neither an ExternalIP nor an ExternalDNS; ${advice}`)
  }

  if (publicAddressFrom === 'node') {
    if (!nodeName) throw new Failure('malformed', 'RELAY_PUBLIC_ADDRESS_FROM=node needs RELAY_NODE_NAME')
    return async (listenPort) => ({ host: await nodeHost(), port: port || listenPort })
  }

  if (publicAddressFrom === 'service') {
    if (!options.publicService) {
      throw new Failure('malformed', 'RELAY_PUBLIC_ADDRESS_FROM=service needs RELAY_PUBLIC_SERVICE')
    }
    const name = fillTemplate(options.publicService, pod)
    return async () => {
      const namespace = options.namespace ?? (await kubernetes.namespace())
      const found = serviceAddress(await kubernetes.read({ resource: 'services', name, namespace }))
      if (!found) {
        throw new Failure('not-ready', `Service ${namespace}/${name} is of no type that the world outside can reach`)
      }
      if (found.through === 'node') return { host: await nodeHost(), port: port || found.port }
      if (found.host) return { host: parseHost(found.host), port: port || found.port }
      throw new Failure('not-ready', `Service ${namespace}/${name} has no address yet: its load balancer is pending`)
    }
  }

  if (!host) throw new Failure('malformed', 'RELAY_OWN_LISTEN needs RELAY_PUBLIC_HOST, where clients reach it')
  return async (listenPort) => ({ host, port: port || listenPort })
}
