import { createCipheriv, createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const blockBytes = 16 * 1024
/** The pace of a slow client: the bytestream is busy and the machine is not. */
const paceMs = 5
/** So many bytes have certainly left after whatever was done before. */
const bytesToMove = 8 * blockBytes

/** How one direction ended: by FIN, by a reset, or not at all. */
export type FlowEnd = 'fin' | 'reset' | undefined

/** One direction of a bytestream. */
export interface Flow {
  readonly sent: number
  readonly arrived: number
  /** Bytes that arrived and are not what was sent at their place. */
  readonly foreign: number
  readonly end: FlowEnd
}

/**
 * What a bytestream did with its bytes. `exact`: all arrived, and then both ends. `reset`: cut off, and its clients
 * could tell. `short`: an end that looked like the end of the file, with bytes missing. `foreign`: bytes of somebody else.
 */
export type Delivery = 'exact' | 'reset' | 'short' | 'foreign' | 'hangs'

interface MutableFlow {
  sent: number
  arrived: number
  foreign: number
  end: FlowEnd
}

/**
 * Bytes that flow both ways between two sockets, and that no other bytestream has: each direction is a key stream of
 * its own name, and what arrives is compared with it byte for byte.
 */
export class KeyedTraffic {
  readonly #flows: readonly [MutableFlow, MutableFlow]
  readonly #changes = new EventEmitter().setMaxListeners(0)
  #finishing = false

  /** `name` must be this bytestream's alone. The sockets allow half-open; whoever opened them destroys them. */
  constructor({ first, second }: { readonly first: Socket; readonly second: Socket }, name: string) {
    this.#flows = [this.#flow(first, second, `${name} from first`), this.#flow(second, first, `${name} from second`)]
  }

  get flows(): readonly [Flow, Flow] {
    return this.#flows
  }

  /** Whether further bytes arrive both ways within `timeoutMs`. */
  goesOn(timeoutMs = 3_000): Promise<boolean> {
    const goals = this.#flows.map(({ arrived }) => arrived + bytesToMove)
    const done = () => this.#flows.every(({ arrived }, at) => arrived >= (goals[at] ?? 0))
    return this.#until(done, () => this.#flows.some(({ end }) => end !== undefined), timeoutMs)
  }

  /** Whether it is cut off at both clients within `timeoutMs`. */
  breaks(timeoutMs: number): Promise<boolean> {
    const over = () => this.#flows.every(({ end }) => end !== undefined)
    return this.#until(over, () => false, timeoutMs)
  }

  /** Sends the FIN both ways, reads up to the other's, and says what came of all bytes. */
  async finish(timeoutMs = 10_000): Promise<Delivery> {
    this.#finishing = true
    await this.breaks(timeoutMs)
    return this.delivery()
  }

  /** What can be said by now. */
  delivery(): Delivery {
    if (this.#flows.some(({ foreign }) => foreign > 0)) return 'foreign'
    if (this.lostBytes > 0) return 'short'
    if (this.#flows.some(({ end }) => end === undefined)) return 'hangs'
    return this.#flows.some(({ end }) => end === 'reset') ? 'reset' : 'exact'
  }

  /** Bytes that a client must believe to have got, or got instead of them. A reset promises nothing. */
  get lostBytes(): number {
    return this.#flows.reduce(
      (lost, { sent, arrived, foreign, end }) => lost + foreign + (end === 'fin' ? sent - arrived : 0),
      0,
    )
  }

  #flow(from: Socket, to: Socket, name: string): MutableFlow {
    const flow: MutableFlow = { sent: 0, arrived: 0, foreign: 0, end: undefined }
    const expected = keyStream(name)
    const end = (how: FlowEnd) => {
      flow.end ??= how
      this.#changes.emit('change')
    }
    to.on('data', (chunk: Buffer) => {
      if (!chunk.equals(expected(chunk.length))) flow.foreign += chunk.length
      flow.arrived += chunk.length
      this.#changes.emit('change')
    })
      .once('end', () => end('fin'))
      .once('error', () => end('reset'))
      .once('close', () => end('reset'))
      .resume()
    // What was over before it was listened to is told no more.
    if (to.closed) end(to.readableEnded ? 'fin' : 'reset')
    void this.#send(from, flow, keyStream(name))
    return flow
  }

  async #send(from: Socket, flow: MutableFlow, next: (bytes: number) => Buffer): Promise<void> {
    while (!this.#finishing && from.writable) {
      flow.sent += blockBytes
      if (!from.write(next(blockBytes))) await Promise.race([once(from, 'drain'), once(from, 'close')]).catch(() => {})
      await delay(paceMs)
    }
    if (from.writable) from.end()
  }

  async #until(done: () => boolean, hopeless: () => boolean, timeoutMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(timeoutMs)
    while (!done()) {
      if (hopeless()) return false
      try {
        await once(this.#changes, 'change', { signal })
      } catch {
        return done()
      }
    }
    return true
  }
}

/** Bytes that only this name gives, the next ones at each call. */
function keyStream(name: string): (bytes: number) => Buffer {
  const key = createHash('sha256').update(name).digest().subarray(0, 16)
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  return (bytes) => cipher.update(Buffer.alloc(bytes))
}
