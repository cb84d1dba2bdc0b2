import { type EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { reset } from './reset.ts'
import type { Toxic } from './toxic.ts'

/** What a lane asks of the proxy it belongs to. */
export interface LaneTerms {
  /** The toxics that work on this direction now, by age. */
  readonly toxics: () => readonly Toxic[]
  /** Emits `change` when these become others. */
  readonly changes: EventEmitter
  /** Told of every chunk that has arrived, before any toxic has touched it. */
  readonly arrived: (bytes: number) => void
}

/**
 * One direction of one connection: reads chunk by chunk, takes each through the toxics, and writes it. The next is read
 * only when the last is written, so a slow side slows the other.
 */
export class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #terms: LaneTerms
  readonly #over = new AbortController()
  #passed = 0

  constructor(from: Socket, to: Socket, terms: LaneTerms) {
    this.#from = from
    this.#to = to
    this.#terms = terms
    const over = () => this.#over.abort()
    // A sender that has closed in order may still have bytes here.
    from.once('error', over)
    to.once('close', over)
    to.once('close', () => terms.changes.off('change', this.#arm))
    terms.changes.on('change', this.#arm)
    this.#arm()
    void this.#carry()
  }

  /** Starts the clocks of toxics that need no byte to work. */
  readonly #arm = (): void => {
    for (const toxic of this.#terms.toxics()) {
      if (toxic.type === 'reset_peer') void this.#after(toxic.timeoutMs, toxic, () => this.#reset())
      if (toxic.type === 'timeout' && toxic.timeoutMs > 0) void this.#after(toxic.timeoutMs, toxic, () => this.#close())
    }
  }

  async #carry(): Promise<void> {
    try {
      for await (const chunk of this.#from.iterator({ destroyOnReturn: false })) {
        this.#terms.arrived(chunk.length)
        await this.#unstopped()
        await this.#pass(chunk)
      }
      await this.#unstopped()
      for (const toxic of this.#of('slow_close')) await this.#wait(toxic.delayMs)
      this.#to.end()
    } catch {
      // One side is gone or was cut off: so is the other.
      if (this.#from.errored) reset(this.#to)
      else this.#close()
    }
  }

  async #pass(chunk: Buffer): Promise<void> {
    for (const slice of this.#slices(chunk)) {
      for (const { latencyMs, jitterMs = 0 } of this.#of('latency')) {
        await this.#wait(latencyMs + (Math.random() * 2 - 1) * jitterMs)
      }
      for (const { bytesPerSecond } of this.#of('bandwidth')) await this.#wait((slice.length * 1000) / bytesPerSecond)
      await this.#unstopped()
      await this.#write(this.#within(slice))
      for (const { delayMs = 0 } of this.#of('slicer')) await this.#wait(delayMs)
    }
  }

  *#slices(chunk: Buffer): Iterable<Buffer> {
    const [slicer] = this.#of('slicer')
    let rest = chunk
    while (slicer && rest.length > 0) {
      const spread = (Math.random() * 2 - 1) * (slicer.variationBytes ?? 0)
      const size = Math.max(1, Math.round(slicer.averageBytes + spread))
      yield rest.subarray(0, size)
      rest = rest.subarray(size)
    }
    if (rest.length > 0) yield rest
  }

  /** What of it a `limit_data` lets through. Closes when that was the last. */
  #within(slice: Buffer): Buffer {
    const limit = Math.min(...this.#of('limit_data').map(({ bytes }) => bytes))
    const left = Math.max(0, limit - this.#passed)
    this.#passed += slice.length
    if (this.#passed < limit) return slice
    this.#to.end(slice.subarray(0, left))
    this.#close()
    return Buffer.alloc(0)
  }

  async #write(bytes: Buffer): Promise<void> {
    if (bytes.length > 0 && !this.#to.write(bytes)) await once(this.#to, 'drain', { signal: this.#over.signal })
  }

  /** Resolves when no `timeout` holds the bytes back. */
  async #unstopped(): Promise<void> {
    while (this.#of('timeout').length > 0) {
      await once(this.#terms.changes, 'change', { signal: this.#over.signal })
    }
  }

  async #after(ms: number, toxic: Toxic, act: () => void): Promise<void> {
    try {
      // At once is at once: a timer of no time would let bytes through first.
      if (ms > 0) await this.#wait(ms)
      if (this.#terms.toxics().includes(toxic)) act()
    } catch {
      // The connection ended before.
    }
  }

  async #wait(ms: number): Promise<void> {
    await delay(Math.max(0, ms), undefined, { signal: this.#over.signal })
  }

  #of<T extends Toxic['type']>(type: T): Extract<Toxic, { type: T }>[] {
    return this.#terms.toxics().filter((toxic): toxic is Extract<Toxic, { type: T }> => toxic.type === type)
  }

  #close(): void {
    this.#from.destroySoon()
    this.#to.destroySoon()
  }

  #reset(): void {
    reset(this.#from)
    reset(this.#to)
  }
}
