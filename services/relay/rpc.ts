import { abbreviate, parseDigest } from '../shared/bytestream/digest.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Room } from '../shared/bytestream/room.ts'
import type { HalfReference__Output } from '../shared/rpc/generated/splice65/relay/v1/HalfReference.ts'
import type { Room__Output } from '../shared/rpc/generated/splice65/relay/v1/Room.ts'
import type { RelayHandlers } from '../shared/rpc/relay-api.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import { version } from '../shared/runtime/version.ts'
import type { Activation } from './activation.ts'
import type { Bytestream } from './bytestream.ts'
import type { Bytestreams } from './bytestreams.ts'
import type { Drain } from './drain.ts'
import type { Engine } from './engine/engine.ts'
import type { RemoteHalf } from './handoff.ts'
import type { Pairing } from './pairing.ts'
import type { SocketCount } from './socket-count.ts'
import type { TicketOffice } from './ticket-office.ts'

export interface RelayHandlerParts {
  readonly pairing: Pairing
  readonly bytestreams: Bytestreams
  readonly activation: Activation
  readonly tickets: TicketOffice
  readonly drain: Drain
  readonly sockets: SocketCount
  readonly clock: Clock
  readonly engine: Engine
  /** host:port at which other relays dial the trunk. */
  readonly trunkAddress: string
}

/** The relay's answers to `proto/splice65/relay/v1`: each checks its input, calls one function, gives its result. */
export function relayHandlers(parts: RelayHandlerParts): RelayHandlers {
  const { pairing, bytestreams, activation, tickets, drain, sockets, clock, engine, trunkAddress } = parts
  const startedAt = clock.now()
  return {
    async activate({ room, halves, requester, target, selfTest, accounts }) {
      const [first, second] = halves
      if (!first || !second || halves.length !== 2 || first.id === second.id) {
        throw new Failure('malformed', 'Cannot activate: it takes exactly two halves')
      }
      const bytestream = await activation.activate({
        room: roomOf(room),
        first: remoteHalfOf(first),
        second: remoteHalfOf(second),
        requester,
        target,
        selfTest,
        accounts,
      })
      return { path: bytestream ? pathOf(bytestream) : 'PATH_UNSPECIFIED', bytestream: bytestream?.id ?? '' }
    },

    async handoff({ room, half, owner, confirmed }) {
      if (!owner) throw new Failure('malformed', 'Cannot hand off: the owner has no name')
      bytestreams.demandPlace()
      const ticket = tickets.issue({ half: pairing.half(roomOf(room), half), owner, confirmed })
      killPoint('ticket-issued')
      return { ticket, trunkAddress, confirmed }
    },

    async findHalves({ room: asked }) {
      const room = roomOf(asked)
      return {
        halves: pairing.waiting(room).map((half) => ({ id: half.id, waitedMs: pairing.waitedMs(half) })),
        activated: bytestreams.activated(room),
      }
    },

    async listBytestreams() {
      return {
        bytestreams: bytestreams.owned().map((bytestream) => ({
          id: bytestream.id,
          digestPrefix: abbreviate(bytestream.facts.room.digest),
          requester: bytestream.facts.requester,
          target: bytestream.facts.target,
          path: pathOf(bytestream),
          ageMs: bytestreams.ageMs(bytestream),
          bytesFromFirst: bytestream.bytes.fromFirst,
          bytesFromSecond: bytestream.bytes.fromSecond,
          peerRelay: bytestream.facts.peerRelay,
        })),
      }
    },

    async endBytestream({ id }) {
      bytestreams.end(id, { outcome: 'aborted', reason: 'operator' })
      return {}
    },

    async drain({ draining }) {
      drain.set(draining)
      return { waiting: pairing.size, bytestreams: bytestreams.size }
    },

    async describe() {
      const { first, second, leg } = bytestreams.relayed()
      const owned = bytestreams.owned().length
      return {
        version,
        engine: engine.name,
        draining: drain.draining,
        waiting: pairing.size,
        bytestreams: owned,
        legs: bytestreams.size - owned,
        relayedBytes: first + second,
        legBytes: leg,
        socketsOpen: sockets.open,
        socketsMax: sockets.capacity,
        uptimeMs: Math.round(clock.now() - startedAt),
      }
    },
  }
}

function roomOf(room: Room__Output | null): Room {
  const digest = parseDigest(room?.digest ?? '')
  if (!room || !digest) throw new Failure('malformed', 'The room has no digest of 40 hexadecimal digits')
  return { digest, streamhost: room.streamhost }
}

function remoteHalfOf({ id, relay, rpcAddress }: HalfReference__Output): RemoteHalf {
  if (!id || !relay) throw new Failure('malformed', 'A half has no id or no relay')
  return { id, relay, rpcAddress }
}

function pathOf(bytestream: Bytestream): 'PATH_LOCAL' | 'PATH_HANDOFF' {
  return bytestream.facts.path === 'local' ? 'PATH_LOCAL' : 'PATH_HANDOFF'
}
