import type { Socket } from 'node:net'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { type Agreement, agree } from '../support/pair.ts'
import { type Requester, verdict } from '../support/requester.ts'
import { type ClientHalf, dialHalf } from '../support/socks-client.ts'
import { keyedBytes, receiveKeyed, sendKeyed } from './keyed-bytes.ts'
import type { RelayPlace } from './stage.ts'
import { resetForMemory } from './tcp-memory.ts'

/** How far an attempt has come: what a fault elsewhere may break depends on it. */
export type Phase = 'dialling' | 'activating' | 'flowing'

/** A half of a bytestream: the client's socket, and the relay that it came to. */
export interface Dialled {
  readonly socket: Socket
  readonly relay: RelayPlace
}

/** Who takes part in an attempt. */
export interface AttemptParts {
  readonly requester: Requester
  /** The relays in the order in which this attempt tries them. */
  readonly relays: readonly RelayPlace[]
}

/** After this a transfer is stuck, and broken off. The slowest of them take a few seconds. */
const deadlineMs = 60_000

/** One transfer, or what a client makes of it. Disposing resets whatever of it is still open. */
export class Attempt implements Disposable {
  readonly startedMs = performance.now()
  /** What `resetForMemory()` was before it. */
  readonly resetsBefore = resetForMemory()
  readonly agreement: Agreement
  /** Relays that have, or had, a connection of it: one that is killed while it answers may have registered a half. */
  readonly relays = new Set<string>()
  phase: Phase = 'dialling'
  /** Payload that has arrived as it was sent. */
  deliveredBytes = 0
  readonly #parts: AttemptParts
  readonly #sockets: Socket[] = []
  readonly #deadline: NodeJS.Timeout

  constructor(parts: AttemptParts) {
    this.#parts = parts
    this.agreement = agree(parts.requester.jid)
    const stuck = () => {
      for (const socket of this.#sockets) socket.destroy(new Error(`stuck for ${deadlineMs} ms`))
    }
    this.#deadline = setTimeout(stuck, deadlineMs)
  }

  /** Dials the first relay that lets it in, beginning with the `turn`th; one that drains or is gone is passed over. */
  async dial(turn: number, digest: Digest = this.agreement.digest): Promise<Dialled> {
    const { relays } = this.#parts
    const refusals: string[] = []
    for (const relay of [...relays.slice(turn), ...relays.slice(0, turn)]) {
      const half = await this.knock(relay, digest)
      if (half?.rep === 0) return { socket: half.socket, relay }
      refusals.push(`${relay.name}: ${half ? `REP ${half.rep}` : 'no connection'}`)
    }
    throw new Error(`No relay let a half in (${refusals.join(', ')})`)
  }

  /** Names a digest at this relay, and takes any answer; undefined when it cannot be reached. */
  async knock(relay: RelayPlace, digest: Digest): Promise<ClientHalf | undefined> {
    try {
      const half = await dialHalf(relay.socks.port, digest, relay.socks.host)
      this.#sockets.push(half.socket)
      this.relays.add(relay.name)
      return half
    } catch {
      return undefined
    }
  }

  /** Asks for the activation by a real IQ, and gives the answer in short. */
  async activate(): Promise<string> {
    this.phase = 'activating'
    return verdict(await this.#parts.requester.activate(this.agreement))
  }

  /** Both halves, joined. Those who dialled first and second may be on any two relays. */
  async join(): Promise<readonly [Dialled, Dialled]> {
    const halves = [await this.dial(0), await this.dial(Math.floor(Math.random() * this.#parts.relays.length))] as const
    const answer = await this.activate()
    if (answer !== 'result') throw new Error(`The activation was answered by ${answer}`)
    this.phase = 'flowing'
    return halves
  }

  /** Moves `bytes` one way and a reply of a sixteenth the other way, compares all of it, and sees both ends finish. */
  async flow([near, far]: readonly [Dialled, Dialled], bytes: number, restMs = 0): Promise<void> {
    const [there, back] = [keyedBytes(bytes), keyedBytes(Math.ceil(bytes / 16))]
    const send = async ({ socket }: Dialled, what: typeof there) => {
      await sendKeyed(socket, what)
      socket.end()
    }
    await Promise.all([
      send(near, there),
      receiveKeyed(far.socket, there, restMs),
      send(far, back),
      receiveKeyed(near.socket, back),
    ])
    this.deliveredBytes += there.size + back.size
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deadline)
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }
}
