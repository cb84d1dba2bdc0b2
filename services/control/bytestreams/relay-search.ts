import type { Room } from '../../shared/bytestream/room.ts'
import type { RelayRecord } from '../../shared/registry/registry.ts'
import type { HalfReference__Output as HalfReference } from '../../shared/rpc/generated/splice65/relay/v1/HalfReference.ts'
import type { RelayClients } from '../../shared/rpc/relay-clients.ts'
import type { Directory } from '../directory.ts'
import type { Permits } from './permits.ts'

/** What the relays themselves say about a room. */
export interface Findings {
  /** The halves that wait in it, the longest waiting first. */
  readonly halves: readonly HalfReference[]
  /** True when its bytestream is live or ended less than a minute ago. */
  readonly activated: boolean
  /** How many relays answered. */
  readonly answers: number
}

export interface RelaySearchParts {
  readonly directory: Directory
  readonly relays: RelayClients
  readonly permits: Permits
}

const nothing: Findings = { halves: [], activated: false, answers: 0 }

/**
 * Asks every relay that was last known, all at once, what it holds of a room; only the relay itself where the room is
 * that of its own streamhost. Relays that do not answer count as
 * holding nothing: those that died hold nothing. Takes twice `timeoutMs` at most, and never throws.
 */
export async function askRelays(
  { directory, relays, permits }: RelaySearchParts,
  room: Room,
  options: { readonly timeoutMs: number },
): Promise<Findings> {
  const ask = async (relay: RelayRecord) => {
    const { halves, activated } = await relays.at(relay.rpcAddress).findHalves({ room }, options)
    return { activated, halves: halves.map(({ id, waitedMs }) => ({ waitedMs, reference: referenceTo(id, relay) })) }
  }
  const owner = directory.find(room.streamhost)
  const findings = await permits.run(async () => {
    const reports = await Promise.allSettled((owner ? [owner] : directory.known()).map(ask))
    const answers = reports.flatMap((report) => (report.status === 'fulfilled' ? [report.value] : []))
    const byWait = answers.flatMap(({ halves }) => halves).sort((a, b) => b.waitedMs - a.waitedMs)
    return {
      halves: byWait.map(({ reference }) => reference),
      activated: answers.some(({ activated }) => activated),
      answers: answers.length,
    }
  }, options)
  return findings ?? nothing
}

/** A half as a relay must be told of it. */
export function referenceTo(id: string, relay: RelayRecord): HalfReference {
  return { id, relay: relay.name, rpcAddress: relay.rpcAddress }
}
