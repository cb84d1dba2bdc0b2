import { Failure, messageOf } from '../shared/bytestream/failure.ts'
import type { Room } from '../shared/bytestream/room.ts'
import type { RelayClients } from '../shared/rpc/relay-clients.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import { readExactly } from '../shared/runtime/read-exactly.ts'
import type { Connection, Engine } from './engine/engine.ts'
import { ignore } from './ignore.ts'
import { GO, JOINED, MAGIC, READY } from './trunk-preamble.ts'
import type { TrunkTransport } from './trunk-transport.ts'

/** A half on another relay. */
export interface RemoteHalf {
  readonly id: string
  readonly relay: string
  readonly rpcAddress: string
}

/** A trunk whose far end has reserved its half and waits for the word. */
export interface ReadyTrunk {
  /**
   * Says GO, and gives the connection away when the far half is joined with it: everything from here on is payload.
   * Throws `unavailable` when that is not confirmed in time.
   */
  go(): Promise<Connection>
  /** Closes it; the far half waits again. */
  abandon(): void
}

/** Meets a half on the relay that holds it: asks for a ticket and dials its trunk. */
export type HandOff = (room: Room, half: RemoteHalf) => Promise<ReadyTrunk>

/**
 * Builds the way to other relays' trunks. Call, dial and preamble share one deadline. Throws `unavailable` when the
 * other relay cannot be reached in time, or whatever it refused with; either way its half is left waiting.
 */
export function handOffThrough(
  parts: { readonly clients: RelayClients; readonly transport: TrunkTransport; readonly engine: Pick<Engine, 'guard'> },
  config: { readonly pod: string; readonly handoffTimeoutMs: number },
): HandOff {
  return async (room, half) => {
    const signal = AbortSignal.timeout(config.handoffTimeoutMs)
    const { ticket, trunkAddress, confirmed } = await parts.clients.at(half.rpcAddress).handoff(
      {
        room: { digest: room.digest, streamhost: room.streamhost },
        half: half.id,
        owner: config.pod,
        confirmed: true,
      },
      { timeoutMs: config.handoffTimeoutMs },
    )
    killPoint('handoff-promised')
    const socket = await parts.transport.dial(trunkAddress, signal)
    const hear = async (word: Buffer) => {
      const said = await readExactly(socket, word.length, signal)
      if (!said.equals(word)) throw new Error('it does not answer as a trunk')
    }
    const failed = (cause: unknown) => {
      // By a reset: the other relay may have joined its half by now, and would take a FIN for the end of a file.
      socket.on('error', ignore).resetAndDestroy()
      const why = messageOf(cause)
      return new Failure('unavailable', `Cannot open a trunk to ${half.relay} at ${trunkAddress}: ${why}`, { cause })
    }
    try {
      socket.write(Buffer.concat([MAGIC, ticket]))
      await hear(READY)
    } catch (error) {
      throw failed(error)
    }
    socket.on('error', ignore)
    killPoint('handoff-ready')
    return {
      async go() {
        parts.engine.guard(socket)
        socket.write(GO)
        try {
          if (confirmed) await hear(JOINED)
        } catch (error) {
          throw failed(error)
        }
        killPoint('handoff-confirmed')
        socket.off('error', ignore)
        return socket
      },
      abandon: () => void socket.destroy(),
    }
  }
}
