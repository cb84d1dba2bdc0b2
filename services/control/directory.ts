import type { Registry, RelayRecord } from '../shared/registry/registry.ts'
import { defaultTerms } from '../shared/registry/registry.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import type { GenuineRelays } from './genuine-relays.ts'

/** The relays as they were last known. */
export interface Directory {
  /** Those that have announced themselves within a lease: what may be advertised. */
  alive(): RelayRecord[]
  /** The alive and those that vanished a short while ago: what may still hold halves. */
  known(): RelayRecord[]
  /** One of the known, by its name. */
  find(name: string): RelayRecord | undefined
  /** Milliseconds a registry that answered has not listed this relay; 0 while it does, and for one that nobody knows. */
  missingMs(name: string): number
  /** True when the registry has been answering, for longer than a lease, that there is no relay at all. */
  noneAlive(): boolean
  stop(): Promise<void>
}

export interface DirectoryOptions {
  /** How often the registry is asked. */
  readonly directoryRefreshMs: number
  /** How long a relay that is no longer listed can still be found. */
  readonly directoryMemoryMs: number
}

interface Entry {
  readonly relay: RelayRecord
  /** How long a registry that answered has not listed it. */
  readonly missingMs: number
}

/**
 * Starts asking the registry for its relays, and resolves after the first answer or failure. Time in which the registry
 * cannot be reached makes nobody older: its absence says nothing about relays. Whoever opens a directory stops it.
 */
export async function openDirectory(
  {
    registry,
    clock,
    genuine = (listed) => [...listed],
    leaseMs = defaultTerms.relayLeaseMs,
    onListed = () => {},
  }: {
    readonly registry: Registry
    readonly clock: Clock
    /** Told of every relay that is believed, each time the registry lists it. */
    readonly onListed?: (relay: RelayRecord) => void
    /** Which of the records are believed; default all. */
    readonly genuine?: GenuineRelays
    readonly leaseMs?: number
  },
  { directoryRefreshMs, directoryMemoryMs }: DirectoryOptions,
): Promise<Directory> {
  let entries = new Map<string, Entry>()
  let noneForMs = 0
  let askedAtMs = clock.now()
  let stopped = false
  let cancel = () => {}
  let refreshing = refresh()
  await refreshing

  async function refresh(): Promise<void> {
    const elapsedMs = clock.now() - askedAtMs
    askedAtMs = clock.now()
    try {
      take(genuine(await registry.relays()), elapsedMs)
    } catch {
      // The registry tells of its own failures; what was known stays known.
    }
    if (stopped) return
    cancel = clock.after(directoryRefreshMs, () => {
      refreshing = refresh()
    })
  }

  function take(listed: readonly RelayRecord[], elapsedMs: number): void {
    const next = new Map<string, Entry>()
    for (const [name, { relay, missingMs }] of entries) {
      if (missingMs + elapsedMs <= directoryMemoryMs) next.set(name, { relay, missingMs: missingMs + elapsedMs })
    }
    for (const relay of listed) {
      next.set(relay.name, { relay, missingMs: 0 })
      onListed(relay)
    }
    entries = next
    noneForMs = listed.length > 0 ? 0 : noneForMs + elapsedMs
  }

  return {
    alive: () => [...entries.values()].filter(({ missingMs }) => missingMs <= leaseMs).map(({ relay }) => relay),
    known: () => [...entries.values()].map(({ relay }) => relay),
    find: (name) => entries.get(name)?.relay,
    missingMs: (name) => entries.get(name)?.missingMs ?? 0,
    noneAlive: () => noneForMs > leaseMs,
    async stop() {
      stopped = true
      cancel()
      await refreshing
    },
  }
}
