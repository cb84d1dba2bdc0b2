import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import type { Bytestreams } from './bytestreams.ts'
import type { RelayEvents } from './events.ts'
import type { Pairing } from './pairing.ts'

/** How often a drain looks whether everything has ended; the shortest step of the spread. */
const LOOK_MS = 100

const deadline: Ending = { outcome: 'drained', reason: 'deadline' }

export interface DrainParts {
  readonly pairing: Pairing
  readonly bytestreams: Bytestreams
  readonly events: Pick<RelayEvents, 'drainStarted' | 'drainEnded'>
}

export interface DrainOptions {
  /** How long new clients are still served. */
  readonly drainDelayMs: number
  /** How long what is live may take to end, the delay included. */
  readonly drainTimeoutMs: number
  /** Over how long what is left then is ended. */
  readonly drainSpreadMs: number
}

/**
 * Taking nothing new while what is live ends. A draining relay is unready and no longer advertised at once; it serves
 * those who come all the same for `drainDelayMs`, until load balancers know, and refuses them then. Halves that wait here
 * can still be met and activated, and bytestreams run to their end.
 *
 * States: serving ⇄ draining by `set()`; `toEnd()` drains for good.
 */
export class Drain {
  readonly #parts: DrainParts
  readonly #options: DrainOptions
  readonly #listeners: (() => void)[] = []
  #since: number | undefined
  #refusal: NodeJS.Timeout | undefined
  #ending = false

  constructor(parts: DrainParts, options: DrainOptions) {
    this.#parts = parts
    this.#options = options
  }

  get draining(): boolean {
    return this.#since !== undefined
  }

  /** When it began, in milliseconds since 1970; undefined while nothing drains. */
  get since(): number | undefined {
    return this.#since
  }

  /** Calls back whenever draining begins or ends. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Starts to drain, or takes new clients again. Throws `not-ready` for a relay that is about to end. */
  set(draining: boolean): void {
    if (this.#ending && !draining) throw new Failure('not-ready', 'Cannot take new clients again: this relay is ending')
    this.#become(draining)
    clearTimeout(this.#refusal)
    if (draining) this.#refusal = setTimeout(() => this.#refuse(), this.#options.drainDelayMs).unref()
    else this.#parts.pairing.draining = false
  }

  /**
   * The drain before the end of the process: waits until nothing is left or `drainTimeoutMs` are over. What is left then
   * it ends, spread over `drainSpreadMs`: its clients come back, and should not do so in one moment. `signal` cuts all of
   * it short and leaves what is live to whoever stops the relay.
   */
  async toEnd(signal: AbortSignal): Promise<void> {
    const { events } = this.#parts
    const { drainDelayMs, drainTimeoutMs } = this.#options
    const over = AbortSignal.any([signal, AbortSignal.timeout(drainTimeoutMs)])
    this.#ending = true
    this.#become(true)
    await pause(drainDelayMs, over)
    this.#refuse()
    while (!over.aborted && this.#left > 0) await pause(LOOK_MS, over)
    const forced = this.#left > 0
    if (forced) await this.#endSpread(signal)
    events.drainEnded(forced)
  }

  #refuse(): void {
    this.#parts.pairing.draining = true
  }

  /** Halves and bytestreams that are still here. */
  get #left(): number {
    return this.#parts.pairing.size + this.#parts.bytestreams.size
  }

  async #endSpread(signal: AbortSignal): Promise<void> {
    const { pairing, bytestreams } = this.#parts
    const { drainSpreadMs } = this.#options
    const ends = [
      ...pairing.halves().map((half) => () => pairing.end(half, deadline)),
      ...bytestreams.live().map((bytestream) => () => bytestream.end(deadline)),
    ]
    // Timers are no finer than a millisecond: many are ended by the handful.
    const handful = Math.ceil((ends.length * LOOK_MS) / Math.max(drainSpreadMs, LOOK_MS))
    const stepMs = drainSpreadMs / Math.ceil(ends.length / handful)
    for (let ended = 0; ended < ends.length && !signal.aborted; ended += handful) {
      for (const end of ends.slice(ended, ended + handful)) end()
      await pause(stepMs, signal)
    }
  }

  #become(draining: boolean): void {
    if (draining === this.draining) return
    this.#since = draining ? Date.now() : undefined
    if (draining) this.#parts.events.drainStarted(this.#parts.pairing.size, this.#parts.bytestreams.size)
    for (const listener of this.#listeners) listener()
  }
}

/** Waits, or until the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
