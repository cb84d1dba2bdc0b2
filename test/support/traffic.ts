import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pair } from './pair.ts'
import { readUpTo } from './socks-client.ts'

const blockBytes = 16 * 1024
/** The pace of a slow client: the bytestream is busy and the machine is not. */
const paceMs = 5
/** So many blocks have certainly left after whatever was done before. */
const blocksToMove = 8

/** Bytes delivered, by the half they came from. */
export interface Moved {
  readonly fromFirst: number
  readonly fromSecond: number
}

/**
 * Random blocks that flow both ways through a bytestream, each compared when it arrives, until they are told to finish
 * or the bytestream breaks.
 */
export class Traffic {
  /** Resolves with what broke the bytestream, if it breaks. */
  readonly broken: Promise<Error>
  readonly #moved = { fromFirst: 0, fromSecond: 0 }
  readonly #blocks = new EventEmitter()
  readonly #done: Promise<unknown>
  #finishing = false

  constructor({ first, second }: Pair) {
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.broken = promise
    this.#done = Promise.all([this.#flow('fromFirst', first, second), this.#flow('fromSecond', second, first)])
    this.#done.catch(resolve)
  }

  /** Resolves once further blocks have arrived both ways. Throws when the bytestream has broken. */
  async goesOn(): Promise<void> {
    const { fromFirst, fromSecond } = this.#moved
    const goal = blocksToMove * blockBytes
    while (this.#moved.fromFirst < fromFirst + goal || this.#moved.fromSecond < fromSecond + goal) {
      const broke = await Promise.race([once(this.#blocks, 'arrived'), this.broken])
      if (broke instanceof Error) throw broke
    }
  }

  /** Sends the FIN both ways and reads up to the other's. Throws when more or less than was sent has arrived. */
  async finish(): Promise<Moved> {
    this.#finishing = true
    await this.#done
    return this.#moved
  }

  async #flow(name: keyof Moved, from: Socket, to: Socket): Promise<void> {
    while (!this.#finishing) {
      const block = randomBytes(blockBytes)
      from.write(block)
      const arrived = await readUpTo(to, blockBytes)
      if (!arrived.equals(block)) {
        const end = arrived.length < blockBytes ? `the stream ended ${arrived.length} bytes into it` : 'it was another'
        throw new Error(`A block ${name} did not arrive: ${end}`)
      }
      this.#moved[name] += blockBytes
      this.#blocks.emit('arrived')
      await delay(paceMs)
    }
    from.end()
    const rest = await readUpTo(to, 1)
    if (rest.length > 0 || !to.readableEnded) throw new Error(`No clean end came after the last block ${name}`)
  }
}
