import type { Bytestream__Output as Bytestream } from '../../shared/rpc/generated/splice65/control/v1/Bytestream.ts'
import type { Relay__Output as Relay } from '../../shared/rpc/generated/splice65/control/v1/Relay.ts'
import { bytesOf } from './listing.ts'

/** The fleet at one moment. */
export interface Snapshot {
  /** Milliseconds of the clock that took it. */
  readonly atMs: number
  readonly relays: readonly Relay[]
  readonly bytestreams: readonly Bytestream[]
}

/** Bytes a second between two snapshots. What cannot be known is left out. */
export interface Speeds {
  /** Of each relay by name: all it carries, legs of other relays' bytestreams included. */
  readonly relays: ReadonlyMap<string, number>
  /** Of each bytestream by id, both directions together. */
  readonly bytestreams: ReadonlyMap<string, number>
  /** Of the fleet, each byte once however many relays it crosses. */
  readonly total: number
}

/** How fast it went from one snapshot to the next. Without a first one only bytestreams have a speed: that of their whole life. */
export function speedsBetween(before: Snapshot | undefined, after: Snapshot): Speeds {
  const elapsedMs = after.atMs - (before?.atMs ?? after.atMs)
  const relays = new Map<string, number>()
  let total = 0
  for (const { name, status } of after.relays) {
    const earlier = before?.relays.find((relay) => relay.name === name)?.status
    // One that was started anew counts from zero again.
    if (!status || !earlier || elapsedMs <= 0 || status.uptimeMs < earlier.uptimeMs) continue
    const owned = perSecond(status.relayedBytes - earlier.relayedBytes, elapsedMs)
    relays.set(name, owned + perSecond(status.legBytes - earlier.legBytes, elapsedMs))
    total += owned
  }
  const earlierBytes = new Map(before?.bytestreams.map((each) => [each.id, bytesOf(each)]))
  const bytestreams = new Map(
    after.bytestreams.map((each) => {
      const earlier = earlierBytes.get(each.id)
      const isNew = earlier === undefined || elapsedMs <= 0
      return [each.id, perSecond(bytesOf(each) - (isNew ? 0 : earlier), isNew ? each.ageMs : elapsedMs)]
    }),
  )
  return { relays, bytestreams, total }
}

function perSecond(bytes: number, ms: number): number {
  return ms > 0 ? Math.round((bytes / ms) * 1000) : 0
}
