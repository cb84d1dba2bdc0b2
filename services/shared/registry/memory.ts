import { type Room, roomKey } from '../bytestream/room.ts'
import { type Clock, systemClock } from '../runtime/clock.ts'
import type { Accounts } from './accounts.ts'
import { MemoryAccounts } from './memory-accounts.ts'
import type { ActivationClaim, Claim, HalfRecord, Registry, RegistryTerms, RelayRecord } from './registry.ts'
import { defaultTerms } from './registry.ts'
import { takenFailure } from './taken.ts'

type Slot = Claim['slot']

/** A value until its lease runs out. */
interface Leased<T> {
  readonly value: T
  readonly untilMs: number
}

/** What one room holds. Only `MemoryRegistry.#room` hands it out, without what has run out. */
interface RoomRecord {
  first?: Leased<HalfRecord> | undefined
  second?: Leased<HalfRecord> | undefined
  /** The claimant. */
  activation?: Leased<string> | undefined
  tombstone?: Leased<true> | undefined
}

const slots: readonly Slot[] = ['first', 'second']

/**
 * A registry in this process, for control and relays that share it. It can always be reached, so `onReturn` never
 * calls back. Whoever creates it closes it; what it holds runs out by `options.clock`.
 */
export function createMemoryRegistry(options: { clock?: Clock; terms?: Partial<RegistryTerms> } = {}): Registry {
  return new MemoryRegistry(options.clock ?? systemClock, { ...defaultTerms, ...options.terms })
}

class MemoryRegistry implements Registry {
  readonly reachable = true
  readonly accounts: Accounts
  readonly #accounts: MemoryAccounts
  readonly #clock: Clock
  readonly #terms: RegistryTerms
  readonly #rooms = new Map<string, RoomRecord>()
  readonly #relays = new Map<string, Leased<RelayRecord>>()
  #cancelSweep: (() => void) | undefined

  constructor(clock: Clock, terms: RegistryTerms) {
    this.#clock = clock
    this.#terms = terms
    const today = () => Math.floor(Date.now() / 86_400_000)
    this.#accounts = new MemoryAccounts(
      { clock, today, touched: () => this.#sweepLater() },
      { leaseMs: terms.entryLeaseMs },
    )
    this.accounts = this.#accounts
  }

  async claim(room: Room, half: HalfRecord): Promise<Claim> {
    const record = this.#room(room)
    const slot = slotOf(record, half.id) ?? freeSlot(record) ?? replaceableSlot(record)
    if (record.tombstone !== undefined || slot === undefined) throw takenFailure(room)
    const holder = record[slot]?.value
    record[slot] = this.#lease(half, this.#terms.halfLeaseMs)
    return holder === undefined || holder.id === half.id ? { slot } : { slot, replaced: holder }
  }

  async renew(room: Room, half: HalfRecord): Promise<boolean> {
    const record = this.#room(room)
    const slot = slotOf(record, half.id) ?? freeSlot(record)
    if (record.tombstone !== undefined || slot === undefined) return false
    record[slot] = this.#lease(half, this.#terms.halfLeaseMs)
    return true
  }

  async release(room: Room, halfId: string): Promise<void> {
    const record = this.#room(room)
    const slot = slotOf(record, halfId)
    if (slot !== undefined) record[slot] = undefined
  }

  async claimActivation(room: Room, claimant: string): Promise<ActivationClaim> {
    const record = this.#room(room)
    if (record.tombstone !== undefined) return { state: 'activated' }
    if (record.activation !== undefined && record.activation.value !== claimant) return { state: 'activating' }
    const [first, second] = [record.first?.value, record.second?.value]
    if (first === undefined || second === undefined) {
      record.activation = undefined
      return { state: 'waiting', halves: [first, second].filter((half) => half !== undefined) }
    }
    record.activation = this.#lease(claimant, this.#terms.activationLeaseMs)
    return { state: 'claimed', halves: [first, second] }
  }

  async settleActivation(room: Room, claimant: string, joined: boolean): Promise<void> {
    if (joined) return this.bury(room)
    const record = this.#room(room)
    if (record.activation?.value === claimant) record.activation = undefined
  }

  async bury(room: Room): Promise<void> {
    this.#rooms.set(roomKey(room), { tombstone: this.#lease(true, this.#terms.tombstoneMs) })
    this.#sweepLater()
  }

  async announce(relay: RelayRecord): Promise<RelayRecord[]> {
    this.#relays.set(relay.name, this.#lease(relay, this.#terms.relayLeaseMs))
    this.#sweepLater()
    return this.relays()
  }

  async withdraw(relayName: string): Promise<void> {
    this.#relays.delete(relayName)
  }

  async relays(): Promise<RelayRecord[]> {
    return [...this.#relays.values()]
      .filter((relay) => this.#live(relay))
      .map((relay) => relay.value)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  onReturn(): () => void {
    return () => {}
  }

  async close(): Promise<void> {
    this.#cancelSweep?.()
    this.#rooms.clear()
    this.#relays.clear()
    this.#accounts.clear()
  }

  /** The room's record without what has run out; changes to it are kept. */
  #room(room: Room): RoomRecord {
    const key = roomKey(room)
    const record = this.#rooms.get(key) ?? {}
    this.#prune(record)
    this.#rooms.set(key, record)
    this.#sweepLater()
    return record
  }

  /** Drops what has run out; true when nothing is left. */
  #prune(record: RoomRecord): boolean {
    if (!this.#live(record.first)) record.first = undefined
    if (!this.#live(record.second)) record.second = undefined
    if (!this.#live(record.activation)) record.activation = undefined
    if (!this.#live(record.tombstone)) record.tombstone = undefined
    return Object.values(record).every((leased) => leased === undefined)
  }

  /** Forgets rooms and relays that nobody asks for any more, once a half's lease has passed. */
  #sweepLater(): void {
    this.#cancelSweep ??= this.#clock.after(this.#terms.halfLeaseMs, () => {
      this.#cancelSweep = undefined
      for (const [key, record] of this.#rooms) if (this.#prune(record)) this.#rooms.delete(key)
      for (const [name, relay] of this.#relays) if (!this.#live(relay)) this.#relays.delete(name)
      const settled = this.#accounts.sweep()
      if (this.#rooms.size + this.#relays.size > 0 || !settled) this.#sweepLater()
    })
  }

  #lease<T>(value: T, ms: number): Leased<T> {
    return { value, untilMs: this.#clock.now() + ms }
  }

  #live(leased: Leased<unknown> | undefined): boolean {
    return leased !== undefined && leased.untilMs > this.#clock.now()
  }
}

function slotOf(record: RoomRecord, halfId: string): Slot | undefined {
  return slots.find((slot) => record[slot]?.value.id === halfId)
}

function freeSlot(record: RoomRecord): Slot | undefined {
  return slots.find((slot) => record[slot] === undefined)
}

/** The slot that gives way to a newcomer. Nobody gives way while an activation is about to join the two. */
function replaceableSlot(record: RoomRecord): Slot | undefined {
  if (record.activation !== undefined) return undefined
  return slots.find((slot) => record[slot]?.value.replaceable)
}
