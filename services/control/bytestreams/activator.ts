import { randomUUID } from 'node:crypto'
import { abbreviate } from '../../shared/bytestream/digest.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { type Room, roomKey } from '../../shared/bytestream/room.ts'
import type { HalfRecord, Registry } from '../../shared/registry/registry.ts'
import type { HalfReference__Output as HalfReference } from '../../shared/rpc/generated/splice65/relay/v1/HalfReference.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { Counted } from './quotas.ts'
import { askRelays, type RelaySearchParts, referenceTo } from './relay-search.ts'

/** One requester's go-ahead. */
export interface Activation {
  /** Where the halves may be, the likeliest first. The first that has a half in it is the one that counts. */
  readonly rooms: readonly [Room, ...Room[]]
  /** Full JID, as the server stamped it. */
  readonly requester: string
  readonly target: string
  /** True when control plays both ends itself, so that the relay leaves it out of its statistics. */
  readonly selfTest?: boolean
  /** Where it is counted together with others. */
  readonly accounts?: readonly Counted[]
}

/** `repeated`: the bytestream was live already, or had ended less than a minute ago. */
export type ActivatedOutcome = 'joined' | 'repeated'

/** An activation that succeeded. */
export interface Activated {
  readonly outcome: ActivatedOutcome
  /** Names of the relays that held the two halves, the first half's first; empty when it was repeated. */
  readonly relays: readonly string[]
}

export interface ActivatorOptions {
  /** An activation may come so long before the registration of a half. */
  readonly overtakeMs: number
  /** Every activation has its answer by then. */
  readonly activationTimeoutMs: number
  /** One relay's time to say what it holds. */
  readonly findHalvesTimeoutMs: number
}

export interface ActivatorParts extends RelaySearchParts {
  readonly registry: Registry
  readonly clock: Clock
  readonly events: {
    /** The registry could not be told how an activation went, for another reason than being away. */
    settlementFailed(room: Room, error: unknown): void
  }
}

/** Two halves and the room they wait in, ready to be joined. */
interface Pair {
  readonly state: 'pair'
  readonly room: Room
  readonly halves: [first: HalfReference, second: HalfReference]
}

/**
 * What one look found:
 * - `pair`: join it;
 * - `activated`: it has been joined already;
 * - `activating`: somebody is joining it now;
 * - `waiting`: `halves` of it are there;
 * - `crowded`: more than two are, and nobody can say which belong together;
 * - `unknown`: nobody could be asked.
 */
type Sighting =
  | Pair
  | { readonly state: 'activated' | 'activating' | 'crowded' | 'unknown' }
  | { readonly state: 'waiting'; readonly halves: number }

const shortestPauseMs = 25
const longestPauseMs = 200
// Asking all relays costs more than asking the registry.
const relayPauseMs = 250

/**
 * Turns two waiting halves into a bytestream: looks them up in the registry, or among the relays where the registry
 * cannot say, and has the relay of the first one join them.
 */
export class Activator {
  readonly #parts: ActivatorParts
  readonly #options: ActivatorOptions
  readonly #running = new Map<string, Promise<Activated>>()

  constructor(parts: ActivatorParts, options: ActivatorOptions) {
    this.#parts = parts
    this.#options = options
  }

  /**
   * Activates a bytestream, and resolves when both sides are wired. An activation that runs already is shared. Throws
   * `not-found` without any half, `not-ready` with one or with too many, `unavailable` when a relay could not be
   * reached: the halves then wait on.
   */
  async activate(activation: Activation): Promise<Activated> {
    const key = roomKey(activation.rooms[0])
    const running = this.#running.get(key)
    if (running) return running
    const attempt = new Attempt(activation, this.#parts, this.#options).run()
    this.#running.set(key, attempt)
    try {
      return await attempt
    } finally {
      this.#running.delete(key)
    }
  }
}

/** One activation on its way. */
class Attempt {
  readonly #activation: Activation
  readonly #parts: ActivatorParts
  readonly #options: ActivatorOptions
  readonly #claimant = randomUUID()
  readonly #startedMs: number
  /** False once a relay has disowned a half that the registry named. */
  #trustRegistry = true

  constructor(activation: Activation, parts: ActivatorParts, options: ActivatorOptions) {
    this.#activation = activation
    this.#parts = parts
    this.#options = options
    this.#startedMs = parts.clock.now()
  }

  /**
   * Looks in the registry, then among the relays, then in the registry again and again until the time is over in which
   * an activation may overtake a registration; the relays have the last word.
   */
  async run(): Promise<Activated> {
    let pauseMs = shortestPauseMs
    for (let round = 0; ; round++) {
      const last = this.#elapsedMs() >= this.#options.overtakeMs
      const indexed = await this.#lookInRegistry()
      const askRelaysToo = indexed.state === 'unknown' || (indexed.state === 'waiting' && (round === 0 || last))
      // Whoever had it under way may have died: halves that still wait then are not being joined.
      const isOrphan = indexed.state === 'activating' && last
      const seen = askRelaysToo || isOrphan ? await this.#lookAmongRelays(indexed) : indexed
      switch (seen.state) {
        case 'activated':
          return { outcome: 'repeated', relays: [] }
        case 'pair':
          if (await this.#join(seen)) return { outcome: 'joined', relays: seen.halves.map(({ relay }) => relay) }
          break
        case 'crowded':
          throw this.#failure('not-ready', 'more than two halves are connected')
        case 'activating':
          if (this.#remainingMs() <= 0) throw this.#failure('unavailable', 'another activation of it does not end')
          break
        case 'unknown':
          if (last) throw this.#failure('unavailable', 'neither the registry nor a relay can be asked')
          break
        case 'waiting':
          if (last && seen.halves === 0) throw this.#failure('not-found', 'no half is connected')
          if (last) throw this.#failure('not-ready', 'only one half is connected')
          break
      }
      await this.#pause(indexed.state === 'unknown' ? relayPauseMs : pauseMs)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
  }

  async #lookInRegistry(): Promise<Sighting> {
    if (!this.#trustRegistry) return { state: 'unknown' }
    let seen: Sighting = { state: 'unknown' }
    try {
      for (const room of this.#activation.rooms) {
        const claim = await this.#parts.registry.claimActivation(room, this.#claimant)
        if (claim.state === 'claimed') {
          killPoint('activation-claimed')
          return await this.#resolve(room, claim.halves)
        }
        if (claim.state !== 'waiting') return { state: claim.state }
        seen = { state: 'waiting', halves: claim.halves.length }
        if (claim.halves.length > 0) return seen
      }
      return seen
    } catch (error) {
      if (error instanceof Failure && error.code === 'unavailable') return { state: 'unknown' }
      throw error
    }
  }

  /** Where the halves are that the registry named. A relay we have never heard of can only be found by asking. */
  async #resolve(room: Room, halves: readonly [HalfRecord, HalfRecord]): Promise<Sighting> {
    const [first, second] = halves.map(({ id, relay }) => {
      const record = this.#parts.directory.find(relay)
      return record && referenceTo(id, record)
    })
    if (first && second) return { state: 'pair', room, halves: [first, second] }
    await this.#settle(room, false)
    return { state: 'unknown' }
  }

  async #lookAmongRelays(indexed: Sighting): Promise<Sighting> {
    let seen = indexed
    for (const room of this.#activation.rooms) {
      const found = await askRelays(this.#parts, room, {
        timeoutMs: Math.min(this.#options.findHalvesTimeoutMs, Math.max(this.#remainingMs(), 1)),
      })
      const [first, second] = found.halves
      if (found.activated) return { state: 'activated' }
      if (found.halves.length > 2) return { state: 'crowded' }
      if (first && second) return { state: 'pair', room, halves: [first, second] }
      if (indexed.state === 'activating') continue
      if (found.answers > 0 && indexed.state !== 'waiting') seen = { state: 'waiting', halves: found.halves.length }
      if (found.halves.length > 0) return { state: 'waiting', halves: found.halves.length }
    }
    return seen
  }

  /** Has the relay of the first half join the two. False when it, or the other relay, no longer holds its half. */
  async #join({ room, halves }: Pair): Promise<boolean> {
    const { requester, target, selfTest = false, accounts = [] } = this.#activation
    const owner = this.#parts.relays.at(halves[0].rpcAddress)
    try {
      await owner.activate(
        { room, halves, requester, target, selfTest, accounts: [...accounts] },
        { timeoutMs: Math.max(this.#remainingMs(), 1) },
      )
    } catch (error) {
      await this.#settle(room, false)
      const code = error instanceof Failure ? error.code : 'internal'
      if (code !== 'not-found' && code !== 'not-ready') throw this.#refusedBy(halves[0].relay, code, error)
      if (this.#elapsedMs() >= this.#options.overtakeMs)
        throw this.#failure('not-ready', 'a half left meanwhile', error)
      this.#trustRegistry = false
      return false
    }
    killPoint('activation-joined')
    // The requester need not wait for what the relay has written itself.
    void this.#settle(room, true)
    return true
  }

  /**
   * Tells the registry how it went. It is an index only: what the relays did stands, whether it hears of it or not.
   * Never throws.
   */
  async #settle(room: Room, joined: boolean): Promise<void> {
    try {
      await this.#parts.registry.settleActivation(room, this.#claimant, joined)
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'unavailable')) this.#parts.events.settlementFailed(room, error)
    }
  }

  #elapsedMs(): number {
    return this.#parts.clock.now() - this.#startedMs
  }

  #remainingMs(): number {
    return this.#options.activationTimeoutMs - this.#elapsedMs()
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#parts.clock.after(ms, resolve)
    return promise
  }

  /** A relay's limits are the requester's business; that it could not be reached, or refused our token, is not. */
  #refusedBy(relay: string, code: Failure['code'], cause: unknown): Failure {
    if (code === 'over-limit') {
      return this.#failure(code, 'its relay has as many bytestreams as it may; try again when some have ended', cause)
    }
    if (code === 'taken') return this.#failure(code, `relay ${relay} refused`, cause)
    return this.#failure('unavailable', `relay ${relay} could not join it`, cause)
  }

  #failure(code: Failure['code'], why: string, cause?: unknown): Failure {
    const digest = abbreviate(this.#activation.rooms[0].digest)
    return new Failure(code, `Cannot activate bytestream ${digest}…: ${why}`, { cause })
  }
}
