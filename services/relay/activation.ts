import { Failure } from '../shared/bytestream/failure.ts'
import { type Room, roomKey } from '../shared/bytestream/room.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import type { Bytestream, CountedIn } from './bytestream.ts'
import type { Bytestreams } from './bytestreams.ts'
import { type Connection, type Engine, type Held, unwatched } from './engine/engine.ts'
import type { RelayEvents } from './events.ts'
import type { HalfConnection } from './half-connection.ts'
import type { HandOff, RemoteHalf } from './handoff.ts'
import { ignore } from './ignore.ts'
import type { Pairing } from './pairing.ts'

/** What control decided: these two halves of this room, for these two JIDs. */
export interface ActivationOrder {
  readonly room: Room
  readonly first: RemoteHalf
  readonly second: RemoteHalf
  readonly requester: string
  readonly target: string
  /** Control's own test of an address. */
  readonly selfTest: boolean
  readonly accounts: readonly CountedIn[]
}

export interface ActivationParts {
  readonly pairing: Pairing
  readonly bytestreams: Bytestreams
  readonly engine: Engine
  readonly handOff: HandOff
  readonly events: Pick<RelayEvents, 'handoffEnded'>
}

/**
 * Turns two halves into a bytestream, on this relay or across a handoff. Whatever fails leaves both halves waiting, but for a
 * trunk that is lost between GO and the join: the far half has been joined by then. No byte of it has gone anywhere; its
 * client is told by a reset and may come back at once. An engine that cannot hold the trunk, for want of the descriptors
 * that `capacity.ts` keeps back, is such a loss: it can hold a trunk only when nobody has anything more to say on it.
 * One order per room is at work at a time; the same order again gets the same answer.
 */
export class Activation {
  readonly #parts: ActivationParts
  readonly #pod: string
  readonly #working = new Map<string, Promise<Bytestream>>()

  constructor(parts: ActivationParts, config: { readonly pod: string }) {
    this.#parts = parts
    this.#pod = config.pod
  }

  /**
   * Joins the halves; resolves when both sides are wired. Undefined when the room's bytestream has already ended.
   * Throws `not-found` or `not-ready` for a half that is gone or not waiting, `taken` when somebody else's bytestream
   * has this room, `over-limit` when a relay carries as many as it may, `unavailable` when the other cannot be reached.
   */
  async activate(order: ActivationOrder): Promise<Bytestream | undefined> {
    const { bytestreams } = this.#parts
    const live = bytestreams.of(order.room)
    if (live) return sameRequester(live, order)
    if (bytestreams.activated(order.room)) return undefined
    const key = roomKey(order.room)
    const underWay = this.#working.get(key)
    if (!underWay) bytestreams.demandPlace(this.#working.size)
    const working = underWay ?? this.#join(order)
    this.#working.set(key, working)
    try {
      const bytestream = await working
      killPoint('bytestream-joined')
      return sameRequester(bytestream, order)
    } finally {
      this.#working.delete(key)
    }
  }

  async #join(order: ActivationOrder): Promise<Bytestream> {
    const { pairing } = this.#parts
    const first = pairing.half(order.room, order.first.id)
    first.reserve()
    killPoint('activation-reserved')
    try {
      return order.second.relay === this.#pod
        ? this.#joinLocal(order, first, pairing.half(order.room, order.second.id))
        : await this.#joinRemote(order, first)
    } finally {
      first.unreserve()
    }
  }

  #joinLocal(order: ActivationOrder, first: HalfConnection, second: HalfConnection): Bytestream {
    const { pairing } = this.#parts
    second.reserve()
    return this.#bytestream(order, pairing.join(first), pairing.join(second))
  }

  async #joinRemote(order: ActivationOrder, first: HalfConnection): Promise<Bytestream> {
    const { pairing, events, handOff } = this.#parts
    try {
      const trunk = await handOff(order.room, order.second)
      if (hasLeft(first)) {
        trunk.abandon()
        throw left(first)
      }
      const connection = await trunk.go()
      if (hasLeft(first)) {
        connection.on('error', ignore).resetAndDestroy()
        throw left(first)
      }
      const far = this.#hold(connection, order.room)
      const bytestream = this.#bytestream(order, pairing.join(first), far)
      events.handoffEnded(order.second.relay)
      return bytestream
    } catch (error) {
      events.handoffEnded(order.second.relay, error)
      throw error
    }
  }

  /** Has the engine hold a trunk; one that it cannot hold is closed. */
  #hold(trunk: Connection, room: Room): Held {
    // The far client may have spoken already.
    const prefix: Buffer = trunk.read() ?? Buffer.alloc(0)
    try {
      return this.#parts.engine.hold(trunk, { prefix, room: roomKey(room) }, unwatched)
    } catch (error) {
      trunk.on('error', ignore).resetAndDestroy()
      throw error
    }
  }

  #bytestream(order: ActivationOrder, first: Held, other: Held): Bytestream {
    const { room, second, requester, target, selfTest, accounts } = order
    const local = second.relay === this.#pod
    const path = local ? 'local' : 'handoff'
    return this.#parts.bytestreams.join(
      { room, path, requester, target, peerRelay: local ? '' : second.relay, selfTest, accounts },
      first,
      other,
    )
  }
}

function hasLeft(half: HalfConnection): boolean {
  return half.state !== 'reserved'
}

function left(half: HalfConnection): Failure {
  return new Failure('not-ready', `Cannot join half-connection ${half.id}: it left during the handoff`)
}

function sameRequester(bytestream: Bytestream, order: ActivationOrder): Bytestream {
  if (bytestream.facts.path !== 'leg' && bytestream.facts.requester !== order.requester) {
    throw new Failure('taken', 'Cannot activate: this bytestream is another requester’s')
  }
  return bytestream
}
