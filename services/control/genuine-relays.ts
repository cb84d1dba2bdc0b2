import type { RelayRecord } from '../shared/registry/registry.ts'
import { type SealFault, sealFaultOf } from '../shared/registry/relay-seal.ts'

/** A record that is not believed, and why. */
export interface RefusedRecord {
  readonly relay: string
  readonly fault: SealFault
}

/** Picks from what the registry lists what relays of ours have written. */
export type GenuineRelays = (listed: readonly RelayRecord[]) => RelayRecord[]

/**
 * Believes the records that hold a seal of our token (see `sealRelay`), and of two for one relay the later. The others
 * are neither dialled nor advertised: whoever wrote them may merely want to be shown the token. `events` hears of them
 * at every look, and whether they are others than the time before.
 */
export function pickGenuine(
  {
    events,
    now = Date.now,
  }: {
    readonly events: { recordsRefused(refused: readonly RefusedRecord[], areNew: boolean): void }
    /** Milliseconds since 1970, about the same on all pods. */
    readonly now?: () => number
  },
  config: { readonly rpcToken?: string | undefined },
): GenuineRelays {
  let told = ''
  return (listed) => {
    const genuine = new Map<string, RelayRecord>()
    const refused: RefusedRecord[] = []
    for (const relay of listed) {
      const fault = sealFaultOf(relay, config.rpcToken, now())
      if (fault) refused.push({ relay: relay.name, fault })
      else if (writtenAt(relay) >= writtenAt(genuine.get(relay.name))) genuine.set(relay.name, relay)
    }
    const telling = JSON.stringify(refused)
    if (refused.length > 0) events.recordsRefused(refused, telling !== told)
    told = telling
    return [...genuine.values()]
  }
}

function writtenAt(relay: RelayRecord | undefined): number {
  return relay?.seal?.atMs ?? 0
}
