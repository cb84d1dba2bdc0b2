import { openRpcClient, type RpcClient, type RpcClientOptions } from './client.ts'
import { relayService } from './protocol.ts'
import type { RelayCalls, RelayMessages } from './relay-api.ts'

/** Clients of the relays, one connection per address, opened when it is needed. Whoever opens the pool closes it. */
export interface RelayClients {
  /** The calls of the relay at this host:port. */
  at(rpcAddress: string): RelayCalls
  /**
   * Sees to it that the relay at this host:port is connected before the first call. A relay that is new gives the pool
   * the occasion to give up those that are gone; when it is full all the same, the new one waits for its first call.
   */
  warm(rpcAddress: string): void
  close(): void
}

/** Relays come and go with their addresses: more connections than this, and the one unused for longest is closed. */
const MOST_CLIENTS = 256

/** Opens a pool of relay clients. */
export function openRelayClients(options: RpcClientOptions): RelayClients {
  const open = new Map<string, RpcClient<RelayMessages>>()

  // A relay that was killed is often back at its address before a client would look again.
  const usable = (rpcAddress: string) => {
    const client = open.get(rpcAddress)
    if (!client?.isBackingOff()) return client
    client.close()
    open.delete(rpcAddress)
    return undefined
  }

  /** Closes the clients that would dial for ever a relay that is not there. */
  const giveUpMissing = () => {
    for (const rpcAddress of [...open.keys()]) usable(rpcAddress)
  }

  return {
    at(rpcAddress) {
      const client = usable(rpcAddress) ?? openRpcClient(relayService, rpcAddress, options)
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
    warm(rpcAddress) {
      if (!usable(rpcAddress)) {
        giveUpMissing()
        if (open.size >= MOST_CLIENTS) return
        open.set(rpcAddress, openRpcClient(relayService, rpcAddress, options))
      }
      open.get(rpcAddress)?.connect()
    },
    close() {
      for (const client of open.values()) client.close()
      open.clear()
    },
  }
}
