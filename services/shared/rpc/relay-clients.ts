import { openRpcClient, type RpcClient, type RpcClientOptions } from './client.ts'
import { relayService } from './protocol.ts'
import type { RelayCalls, RelayMessages } from './relay-api.ts'

/** Clients of the relays, one connection per address, opened at the first call. Whoever opens the pool closes it. */
export interface RelayClients {
  /** The calls of the relay at this host:port. */
  at(rpcAddress: string): RelayCalls
  close(): void
}

/** Relays come and go with their addresses: more connections than this, and the one unused for longest is closed. */
const MOST_CLIENTS = 256

/** Opens a pool of relay clients. */
export function openRelayClients(options: RpcClientOptions): RelayClients {
  const open = new Map<string, RpcClient<RelayMessages>>()
  return {
    at(rpcAddress) {
      const client = open.get(rpcAddress) ?? openRpcClient(relayService, rpcAddress, options)
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
