import { randomBytes } from 'node:crypto'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import type { Room } from '../shared/bytestream/room.ts'
import type { HalfRecord } from '../shared/registry/registry.ts'
import type { Held } from './engine/engine.ts'

/**
 * Where a half-connection is in its life:
 * `negotiating` (it has named its digest, the reply is not out) → `waiting` → `reserved` (an activation or a handoff
 * works on it; back to `waiting` when that fails) → `joined`; and from each but the last → `ended`.
 */
export type HalfState =
  | { readonly state: 'negotiating' }
  | { readonly state: 'waiting'; readonly held: Held }
  | { readonly state: 'reserved'; readonly held: Held }
  | { readonly state: 'joined' }
  | { readonly state: 'ended'; readonly ending: Ending }

const follows: Record<HalfState['state'], readonly HalfState['state'][]> = {
  negotiating: ['waiting', 'ended'],
  waiting: ['reserved', 'ended'],
  reserved: ['waiting', 'joined', 'ended'],
  joined: [],
  ended: [],
}

/** An accepted socket that has named its digest. The pairing ends it; joined, it belongs to its bytestream. */
export class HalfConnection {
  /** Random, unique across relays. */
  readonly id = randomBytes(12).toString('base64url')
  readonly room: Room
  /** Milliseconds of the pairing's clock. */
  readonly arrivedAt: number
  /** The client's address as its socket shows it. */
  readonly remote: string
  /** True once the client has sent its FIN. */
  finished = false
  #now: HalfState = { state: 'negotiating' }

  constructor(room: Room, options: { readonly arrivedAt: number; readonly remote: string }) {
    this.room = room
    this.arrivedAt = options.arrivedAt
    this.remote = options.remote
  }

  get state(): HalfState['state'] {
    return this.#now.state
  }

  /** The half as the registry records it. */
  record(relay: string): HalfRecord {
    return { id: this.id, relay, replaceable: this.finished }
  }

  /** The reply is out and an engine holds the socket: the half waits for its other half. */
  wait(held: Held): void {
    this.#move({ state: 'waiting', held })
  }

  /** Sets it aside for one activation. Throws `not-ready` when it does not wait. */
  reserve(): void {
    if (this.#now.state !== 'waiting') {
      throw new Failure('not-ready', `Cannot reserve half-connection ${this.id}: it is ${this.#now.state}`)
    }
    this.#move({ state: 'reserved', held: this.#now.held })
  }

  /** Lets it wait again after its activation failed. */
  unreserve(): void {
    if (this.#now.state === 'reserved') this.#move({ state: 'waiting', held: this.#now.held })
  }

  /** Gives its socket to a bytestream. Throws `not-ready` when it ended meanwhile. */
  join(): Held {
    if (this.#now.state !== 'reserved') {
      throw new Failure('not-ready', `Cannot join half-connection ${this.id}: it is ${this.#now.state}`)
    }
    const { held } = this.#now
    this.#move({ state: 'joined' })
    return held
  }

  /** Closes its socket. False when it had ended or was joined before. */
  end(ending: Ending): boolean {
    const { state } = this.#now
    if (state === 'joined' || state === 'ended') return false
    if (this.#now.state === 'waiting' || this.#now.state === 'reserved') this.#now.held.release()
    this.#move({ state: 'ended', ending })
    return true
  }

  #move(next: HalfState): void {
    if (!follows[this.#now.state].includes(next.state)) {
      throw new Error(`A half-connection cannot go from ${this.#now.state} to ${next.state}`)
    }
    this.#now = next
  }
}
