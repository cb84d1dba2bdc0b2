import { asFailure, Failure } from '../shared/bytestream/failure.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import { type Room, roomKey } from '../shared/bytestream/room.ts'
import type { Registry } from '../shared/registry/registry.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import type { Accounting } from './accounting.ts'
import { Bytestream, type BytestreamFacts } from './bytestream.ts'
import type { Engine, Held } from './engine/engine.ts'
import type { RelayEvents } from './events.ts'
import type { RatePolicy } from './rate-policy.ts'
import { RelayedBytes, type RelayedTotals } from './relayed-bytes.ts'
import { renewEach } from './renewal.ts'
import type { WatchdogLimits } from './watchdog.ts'

/** What the bytestreams work with. */
export interface BytestreamsParts {
  readonly engine: Engine
  readonly rates: RatePolicy
  readonly accounting: Pick<Accounting, 'open'>
  readonly registry: Registry
  readonly clock: Clock
  readonly events: Pick<RelayEvents, 'bytestreamStarted' | 'bytestreamEnded' | 'registryFailed'>
}

export interface BytestreamsOptions extends WatchdogLimits {
  /** How many this relay takes part in, legs included. */
  readonly maxBytestreams: number
}

/** How often the watchdogs look. */
const LOOK_MS = 1_000
/** How long a bytestream that ended is remembered, so that a repeated activation still succeeds. */
const REMEMBER_MS = 60_000

/** Every bytestream this relay carries, and for a minute the rooms of those that ended. */
export class Bytestreams {
  readonly #parts: BytestreamsParts
  readonly #options: BytestreamsOptions
  readonly #live = new Map<string, Bytestream>()
  readonly #relayed = new RelayedBytes()
  readonly #remembered = new Map<string, () => void>()
  #stopLooking: (() => void) | undefined

  constructor(parts: BytestreamsParts, options: BytestreamsOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** How many are live, legs of other relays' bytestreams included. */
  get size(): number {
    return this.#live.size
  }

  /** Throws `over-limit` when there are as many as there may be, those that `underWay` will add included. */
  demandPlace(underWay = 0): void {
    if (this.size + underWay < this.#options.maxBytestreams) return
    throw new Failure('over-limit', `This relay takes part in no more than ${this.#options.maxBytestreams} bytestreams`)
  }

  /** Joins two held sockets into a bytestream, and starts to watch it. */
  join(facts: BytestreamFacts, first: Held, second: Held): Bytestream {
    const now = this.#parts.clock.now()
    // A self-test asks whether bytes go through, not how fast or how many; a leg’s limits are its owner’s to hold.
    const unlimited = facts.path === 'leg' || facts.selfTest
    const rates = unlimited ? undefined : this.#parts.rates.of(facts.requester)
    const flow = this.#parts.engine.join(first, second, rates?.limits)
    const limits = unlimited ? { ...this.#options, maxBytestreamBytes: 0 } : this.#options
    const bytestream = new Bytestream(facts, flow, { limits, now })
    this.#live.set(roomKey(facts.room), bytestream)
    this.#parts.accounting.open(bytestream)
    this.#parts.events.bytestreamStarted(bytestream)
    if (facts.path !== 'leg') void this.#bury(facts.room)
    void bytestream.ended.then((ending) => {
      rates?.giveBack()
      this.#end(bytestream, ending)
    })
    this.#look()
    return bytestream
  }

  /** The live bytestream of a room. */
  of(room: Room): Bytestream | undefined {
    return this.#live.get(roomKey(room))
  }

  /** Whether a bytestream of this room is live here, or ended less than a minute ago. */
  activated(room: Room): boolean {
    const key = roomKey(room)
    return this.#live.has(key) || this.#remembered.has(key)
  }

  /** The bytestreams this relay owns, oldest first; legs are their owners' to tell. */
  owned(): Bytestream[] {
    return [...this.#live.values()].filter((bytestream) => bytestream.facts.path !== 'leg')
  }

  /** Every live one, oldest first. */
  live(): Bytestream[] {
    return [...this.#live.values()]
  }

  /** Bytes of all that ran and run. */
  relayed(): RelayedTotals {
    return this.#relayed.with(this.#live.values())
  }

  /** Milliseconds a bytestream has run. */
  ageMs(bytestream: Bytestream): number {
    return Math.round(this.#parts.clock.now() - bytestream.startedAt)
  }

  /** Ends one at an operator's wish. Throws `not-found`. */
  end(id: string, ending: Ending): void {
    const bytestream = this.live().find((candidate) => candidate.id === id)
    if (!bytestream) throw new Failure('not-found', `No bytestream ${id} runs here`)
    bytestream.end(ending)
  }

  /**
   * Refreshes the tombstones that keep third connections out; the bytestreams themselves never wait for it. Resolves
   * when all are written, and never rejects.
   */
  renew(): Promise<void> {
    return renewEach(this.owned(), ({ facts }) => this.#bury(facts.room))
  }

  /** Ends every bytestream, as the last act of a drain; resolves when their sockets are closed. */
  async stop(): Promise<void> {
    const live = this.live()
    for (const bytestream of live) bytestream.end({ outcome: 'drained', reason: 'deadline' })
    await Promise.all(live.map((bytestream) => bytestream.ended))
    this.#stopLooking?.()
    for (const forget of this.#remembered.values()) forget()
    this.#remembered.clear()
  }

  #end(bytestream: Bytestream, ending: Ending): void {
    const { room, path } = bytestream.facts
    const key = roomKey(room)
    this.#live.delete(key)
    this.#relayed.keep(bytestream)
    if (!cameToNothing(bytestream, ending)) this.#remember(key)
    this.#parts.events.bytestreamEnded(bytestream, ending, this.ageMs(bytestream))
    if (path !== 'leg') void this.#bury(room)
  }

  #remember(key: string): void {
    this.#remembered.get(key)?.()
    this.#remembered.set(
      key,
      this.#parts.clock.after(REMEMBER_MS, () => this.#remembered.delete(key)),
    )
  }

  async #bury(room: Room): Promise<void> {
    await this.#parts.registry
      .bury(room)
      .catch((error) => this.#parts.events.registryFailed('bury', asFailure(error, 'Cannot bury a room')))
  }

  #look(): void {
    if (this.#stopLooking) return
    this.#stopLooking = this.#parts.clock.after(LOOK_MS, () => {
      this.#stopLooking = undefined
      const now = this.#parts.clock.now()
      for (const bytestream of this.#live.values()) bytestream.look(now)
      if (this.#live.size > 0) this.#look()
    })
  }
}

/**
 * True for a leg that broke before a byte came from its owner, who may never have heard that it was joined and keep its
 * own half waiting: to call the room activated would answer for a bytestream that nobody has.
 */
export function cameToNothing({ facts, bytes }: Bytestream, { outcome }: Ending): boolean {
  return facts.path === 'leg' && outcome !== 'completed' && bytes.fromSecond === 0
}
