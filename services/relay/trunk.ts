import type { AddressInfo } from 'node:net'
import { asFailure, Failure } from '../shared/bytestream/failure.ts'
import { roomKey } from '../shared/bytestream/room.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import { readExactly } from '../shared/runtime/read-exactly.ts'
import { type Bytestreams, cameToNothing } from './bytestreams.ts'
import { type Connection, type Engine, unwatched } from './engine/engine.ts'
import type { RelayEvents } from './events.ts'
import { ignore } from './ignore.ts'
import { oldestOfTooMany } from './limits/strangers.ts'
import type { Pairing } from './pairing.ts'
import type { Reservation, TicketOffice } from './ticket-office.ts'
import { GO, JOINED, MAGIC, READY, TICKET_BYTES } from './trunk-preamble.ts'
import type { TrunkTransport } from './trunk-transport.ts'

/** The listener at which other relays come for the halves they were promised. */
export interface TrunkListener {
  readonly address: AddressInfo
  /** Listens no more, and closes what has not become a trunk. */
  stop(): void
}

/**
 * Listens for trunks. Each must present a ticket; its half is joined with the trunk as a leg of the other relay's
 * bytestream, once that relay says that its own half is still there.
 */
export async function listenTrunk(
  parts: {
    readonly transport: TrunkTransport
    readonly engine: Engine
    readonly tickets: TicketOffice
    readonly pairing: Pairing
    readonly bytestreams: Bytestreams
    readonly events: Pick<RelayEvents, 'trunkRefused'>
  },
  config: { readonly trunkHost: string; readonly trunkPort: number; readonly handoffTimeoutMs: number },
): Promise<TrunkListener> {
  const { transport, engine, tickets, pairing, bytestreams, events } = parts
  const opening = new Set<Connection>()
  /** Those of them that have shown no ticket. */
  const strangers = new Set<Connection>()

  const open = async (socket: Connection): Promise<void> => {
    const signal = AbortSignal.timeout(config.handoffTimeoutMs)
    strangers.add(socket)
    oldestOfTooMany(strangers)?.destroy(
      new Failure('over-limit', 'Cannot open a trunk: too many others came before it showed its ticket'),
    )
    const reservation = await redeem(socket, signal).finally(() => strangers.delete(socket))
    killPoint('ticket-redeemed')
    try {
      socket.write(READY)
      const go = await readExactly(socket, GO.length, signal)
      if (!go.equals(GO)) throw new Failure('malformed', 'Cannot open a trunk: it does not say GO')
      killPoint('trunk-told')
      engine.guard(socket)
      if (reservation.confirmed) await written(socket, JOINED)
      killPoint('trunk-answered')
      join(socket, reservation)
    } finally {
      reservation.half.unreserve()
    }
  }

  const redeem = async (socket: Connection, signal: AbortSignal): Promise<Reservation> => {
    const preamble = await readExactly(socket, MAGIC.length + TICKET_BYTES, signal)
    if (!preamble.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw new Failure('malformed', 'Cannot open a trunk: it does not begin as one')
    }
    return tickets.redeem(preamble.subarray(MAGIC.length))
  }

  const join = (socket: Connection, { half, owner }: Reservation): void => {
    const prefix: Buffer = socket.read() ?? Buffer.alloc(0)
    const trunk = engine.hold(socket, { prefix, room: roomKey(half.room) }, unwatched)
    try {
      const facts = {
        room: half.room,
        path: 'leg',
        requester: '',
        target: '',
        peerRelay: owner,
        selfTest: false,
        accounts: [],
      } as const
      const leg = bytestreams.join(facts, pairing.join(half), trunk)
      void leg.ended.then((ending) => {
        if (cameToNothing(leg, ending)) pairing.free(half)
      })
    } catch (error) {
      trunk.release()
      throw error
    }
  }

  const arrive = (socket: Connection, remote: string): void => {
    opening.add(socket)
    socket.on('error', ignore)
    open(socket)
      .catch((error) => {
        // By a reset: an owner that was told JOINED would take a FIN for the end of a file.
        socket.resetAndDestroy()
        events.trunkRefused(asFailure(error, 'Cannot open a trunk'), remote)
      })
      .finally(() => {
        opening.delete(socket)
        socket.off('error', ignore)
      })
  }
  const listener = await transport.listen(
    { host: config.trunkHost, port: config.trunkPort, handshakeTimeoutMs: config.handoffTimeoutMs },
    { connection: arrive, refused: events.trunkRefused },
  )

  return {
    address: listener.address,
    stop() {
      // Joined trunks belong to their bytestreams.
      listener.stop()
      for (const socket of opening) socket.destroy()
    },
  }
}

/** Resolves when the bytes are the kernel’s, or will never be. */
function written(socket: Connection, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}
