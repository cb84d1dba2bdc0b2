import { asFailure, Failure } from '../shared/bytestream/failure.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import { type Room, roomKey } from '../shared/bytestream/room.ts'
import type { Place } from '../shared/limits/places.ts'
import type { Registry } from '../shared/registry/registry.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import type { Held } from './engine/engine.ts'
import type { RelayEvents } from './events.ts'
import { HalfConnection } from './half-connection.ts'
import { renewEach } from './renewal.ts'

/** What the pairing works with. */
export interface PairingParts {
  readonly registry: Registry
  readonly clock: Clock
  readonly events: Pick<RelayEvents, 'halfEnded' | 'registryFailed'>
  /** Whether a bytestream of this room is live here, or ended less than a minute ago. */
  readonly activated: (room: Room) => boolean
}

export interface PairingOptions {
  /** This relay's name. */
  readonly pod: string
  /** How long a half may wait for its activation. */
  readonly activationTimeoutMs: number
  /** How long a half that has sent its FIN can still be activated. */
  readonly finishedTimeoutMs: number
}

/**
 * The rooms of this relay, where halves wait for their other half. Every half is claimed in the registry before it may
 * answer its client; while the registry is away the pairing judges by what it holds itself, and renews it later.
 */
export class Pairing {
  readonly #parts: PairingParts
  readonly #options: PairingOptions
  readonly #rooms = new Map<string, readonly HalfConnection[]>()
  readonly #timers = new Map<HalfConnection, () => void>()
  readonly #places = new Map<HalfConnection, Place>()
  #draining = false

  constructor(parts: PairingParts, options: PairingOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** How many halves are here: negotiating, waiting or reserved. */
  get size(): number {
    return this.#timers.size
  }

  /** All of them, oldest first. */
  halves(): HalfConnection[] {
    return [...this.#timers.keys()]
  }

  /** While draining only the other half of a room that already has one here is let in. */
  set draining(draining: boolean) {
    this.#draining = draining
  }

  get draining(): boolean {
    return this.#draining
  }

  /** The halves of a room that can be activated, by arrival. */
  waiting(room: Room): HalfConnection[] {
    return this.#in(room).filter((half) => half.state === 'waiting')
  }

  /** One half of a room. Throws `not-found`. */
  half(room: Room, id: string): HalfConnection {
    const half = this.#in(room).find((candidate) => candidate.id === id)
    if (!half) throw new Failure('not-found', `No half-connection ${id} waits here`)
    return half
  }

  /** Milliseconds a half has been here. */
  waitedMs(half: HalfConnection): number {
    return Math.round(this.#parts.clock.now() - half.arrivedAt)
  }

  /**
   * Takes a new half in and claims its slot: the first two win. Throws `taken` for a third, `unavailable` while
   * draining. The caller answers the client only after this. A place that it was given is given back when the half
   * leaves, or at once when it is not let in.
   */
  async add(room: Room, remote: string, place?: Place): Promise<HalfConnection> {
    try {
      this.#admit(room)
    } catch (error) {
      place?.giveBack()
      throw error
    }
    const half = new HalfConnection(room, { arrivedAt: this.#parts.clock.now(), remote })
    if (place) this.#places.set(half, place)
    this.#rooms.set(roomKey(room), [...this.#in(room), half])
    this.#expire(half, this.#options.activationTimeoutMs, { outcome: 'expired', reason: 'unactivated' })
    try {
      const { replaced } = await this.#parts.registry.claim(room, half.record(this.#options.pod))
      killPoint('half-claimed')
      if (replaced) this.#replace(room, (other) => other.id === replaced.id)
    } catch (error) {
      const failure = asFailure(error, 'Cannot claim a slot')
      if (failure.code !== 'unavailable') {
        this.#remove(half)
        half.end({ outcome: 'refused', reason: failure.code === 'taken' ? 'taken' : 'unavailable' })
        throw failure
      }
      this.#parts.events.registryFailed('claim', failure)
      if (this.#in(room).length > 2) this.#replace(room, (other) => other.finished)
    }
    return half
  }

  /** The reply is out: the half waits. Throws `not-ready` when it was ended meanwhile. */
  wait(half: HalfConnection, held: Held): void {
    if (half.state === 'ended') {
      held.release()
      throw new Failure('not-ready', `Half-connection ${half.id} ended before it could wait`)
    }
    half.wait(held)
  }

  /** The client has sent its FIN: the half can be activated for a while, and a newcomer may take its slot. */
  finish(half: HalfConnection): void {
    half.finished = true
    if (half.state === 'joined' || half.state === 'ended') return
    this.#expire(half, this.#options.finishedTimeoutMs, { outcome: 'aborted', reason: 'left' })
    void this.#tell('renew', this.#parts.registry.renew(half.room, half.record(this.#options.pod)))
  }

  /** Ends a half and frees its slot, and only its own. */
  end(half: HalfConnection, ending: Ending): void {
    if (!half.end(ending)) return
    this.#remove(half)
    this.#parts.events.halfEnded(half, ending, this.waitedMs(half))
    this.free(half)
  }

  /**
   * Frees the slot of a half that is gone, if it is still its own. Without this nobody could take it until its lease
   * runs out, for which the client of a half that was joined in vain would have to wait.
   */
  free(half: HalfConnection): void {
    void this.#tell('release', this.#parts.registry.release(half.room, half.id))
  }

  /** Gives a reserved half to its bytestream. Throws `not-ready` when it ended meanwhile. */
  join(half: HalfConnection): Held {
    const held = half.join()
    this.#remove(half)
    this.#parts.events.halfEnded(half, { outcome: 'completed', reason: 'finished' }, this.waitedMs(half))
    return held
  }

  /**
   * Writes every half into the registry anew: on every heartbeat, and as soon as a lost registry is back. Resolves when
   * all are told, and never rejects.
   */
  renew(): Promise<void> {
    return renewEach(this.#timers.keys(), async (half) => {
      if (half.state === 'negotiating') return
      await this.#tell('renew', this.#parts.registry.renew(half.room, half.record(this.#options.pod)))
    })
  }

  /** Ends every half, as the last act of a drain. */
  stop(): void {
    for (const half of this.halves()) this.end(half, { outcome: 'drained', reason: 'deadline' })
  }

  #in(room: Room): readonly HalfConnection[] {
    return this.#rooms.get(roomKey(room)) ?? []
  }

  #admit(room: Room): void {
    const here = this.#in(room)
    if (this.#draining && here.length === 0) throw new Failure('unavailable', 'This relay is draining')
    if (this.#parts.activated(room)) throw new Failure('taken', 'The bytestream of this digest is already active')
    if (here.filter((half) => !half.finished).length >= 2) throw new Failure('taken', 'Both halves are here already')
  }

  #replace(room: Room, which: (half: HalfConnection) => boolean): void {
    const half = this.#in(room).find(which)
    if (half) this.end(half, { outcome: 'aborted', reason: 'replaced' })
  }

  #expire(half: HalfConnection, afterMs: number, ending: Ending): void {
    this.#timers.get(half)?.()
    const cancel = this.#parts.clock.after(afterMs, () => {
      // An activation at work decides first; what it leaves behind is looked at again.
      if (half.state === 'reserved') this.#expire(half, 1_000, ending)
      else this.end(half, ending)
    })
    this.#timers.set(half, cancel)
  }

  #remove(half: HalfConnection): void {
    this.#timers.get(half)?.()
    this.#timers.delete(half)
    this.#places.get(half)?.giveBack()
    this.#places.delete(half)
    const key = roomKey(half.room)
    const rest = this.#in(half.room).filter((other) => other !== half)
    if (rest.length === 0) this.#rooms.delete(key)
    else this.#rooms.set(key, rest)
  }

  async #tell(operation: string, done: Promise<unknown>): Promise<void> {
    await done.catch((error) => this.#parts.events.registryFailed(operation, asFailure(error, `Cannot ${operation}`)))
  }
}
