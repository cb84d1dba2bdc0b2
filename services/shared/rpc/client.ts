import { type CallOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { bearer } from './bearer.ts'
import { RelayService } from './protocol.ts'
import type { RelayCall, RelayCalls, RelayMessages, RelayMethod } from './relay-api.ts'
import { fromStatus } from './status.ts'

/** Clients of the relays, one connection per address, opened at the first call. Whoever opens the pool closes it. */
export interface RelayClients {
  /** The calls of the relay at this host:port. */
  at(rpcAddress: string): RelayCalls
  close(): void
}

type UnaryCall<M extends RelayMethod> = (
  request: RelayMessages[M]['request'],
  metadata: Metadata,
  options: CallOptions,
  done: (error: ServiceError | null, response?: RelayMessages[M]['response']) => void,
) => unknown

/** Relays come and go with their addresses: more connections than this, and the one unused for longest is closed. */
const MOST_CLIENTS = 256

/** Opens a pool of relay clients. Each call carries the shared token, when there is one. */
export function openRelayClients(options: { readonly rpcToken?: string | undefined }): RelayClients {
  const open = new Map<string, { calls: RelayCalls; close(): void }>()
  return {
    at(rpcAddress) {
      const client = open.get(rpcAddress) ?? openRelayClient(rpcAddress, options.rpcToken)
      // Set anew, so that the map is in the order of their use.
      open.delete(rpcAddress)
      open.set(rpcAddress, client)
      const [oldest] = open.keys()
      if (open.size > MOST_CLIENTS && oldest !== undefined) {
        open.get(oldest)?.close()
        open.delete(oldest)
      }
      return client.calls
    },
    close() {
      for (const client of open.values()) client.close()
      open.clear()
    },
  }
}

function openRelayClient(rpcAddress: string, rpcToken: string | undefined): { calls: RelayCalls; close(): void } {
  const client = new RelayService(rpcAddress, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
  })
  const metadata = new Metadata()
  if (rpcToken) metadata.set('authorization', bearer(rpcToken))

  // grpc-js may wait for a server's HTTP/2 SETTINGS for ever (grpc-node#2785): no call goes without a deadline.
  const call =
    <M extends RelayMethod>(method: M): RelayCall<M> =>
    (request, { timeoutMs }) => {
      const { promise, resolve, reject } = Promise.withResolvers<RelayMessages[M]['response']>()
      const unary: UnaryCall<M> = (client[method] as UnaryCall<M>).bind(client)
      unary(request, metadata, { deadline: Date.now() + timeoutMs }, (error, response) => {
        if (error || response === undefined) reject(fromStatus(error ?? {}, `Cannot ${method} at ${rpcAddress}`))
        else resolve(response)
      })
      return promise
    }

  return {
    calls: {
      activate: call('activate'),
      handoff: call('handoff'),
      findHalves: call('findHalves'),
      listBytestreams: call('listBytestreams'),
      endBytestream: call('endBytestream'),
      drain: call('drain'),
    },
    close: () => client.close(),
  }
}
