import { asFailure } from '../shared/bytestream/failure.ts'
import type { Registry, RelayRecord } from '../shared/registry/registry.ts'
import type { Bytestreams } from './bytestreams.ts'
import type { Drain } from './drain.ts'
import type { RelayEvents } from './events.ts'
import type { FleetWaiting } from './limits/fleet-waiting.ts'
import type { Pairing } from './pairing.ts'
import type { PublicAddress } from './public-address/public-address.ts'

/** What keeps this relay and all it holds in the registry. */
export interface Heartbeat {
  /** Takes the relay off the list. */
  stop(): Promise<void>
}

/**
 * Announces the relay every `heartbeatMs`, hears in the answer what waits on the others, and renews its halves and
 * tombstones every `renewalMs`; both at once when a registry that was away is back, and the announcement when draining
 * begins or ends and when the public address changes. A registry that does not answer is told again at the next beat.
 */
export function startHeartbeat(
  parts: {
    readonly registry: Registry
    readonly pairing: Pairing
    readonly bytestreams: Bytestreams
    readonly drain: Drain
    /** Only of a relay that has a streamhost of its own. */
    readonly publicAddress: PublicAddress | undefined
    /** Told of all relays at each announcement. */
    readonly fleetWaiting: Pick<FleetWaiting, 'heard'>
    readonly events: Pick<RelayEvents, 'registryFailed'>
    /** The relay as it is now. */
    readonly describe: () => RelayRecord
  },
  config: { readonly heartbeatMs: number; readonly renewalMs: number },
): Heartbeat {
  const { registry, pairing, bytestreams, drain, publicAddress, fleetWaiting, events, describe } = parts
  const attempt = (operation: string, done: Promise<void>) =>
    done.catch((error) => events.registryFailed(operation, asFailure(error, `Cannot ${operation}`)))

  const tellAndHear = async () => fleetWaiting.heard(await registry.announce(describe()))
  const announce = () => void attempt('announce', tellAndHear())
  const renew = () => {
    void pairing.renew()
    void bytestreams.renew()
  }
  const beat = setInterval(announce, config.heartbeatMs)
  const renewal = setInterval(renew, config.renewalMs)
  const stopWatching = registry.onReturn(() => {
    announce()
    renew()
  })
  drain.onChange(announce)
  publicAddress?.onChange(announce)
  announce()

  return {
    async stop() {
      clearInterval(beat)
      clearInterval(renewal)
      stopWatching()
      await attempt('withdraw', registry.withdraw(describe().name))
    },
  }
}
