import { setTimeout as sleep } from 'node:timers/promises'
import type { Bytestreams } from './bytestreams.ts'
import type { RelayEvents } from './events.ts'
import type { Pairing } from './pairing.ts'

/** How often a drain looks whether everything has ended. */
const LOOK_MS = 100

export interface DrainParts {
  readonly pairing: Pairing
  readonly bytestreams: Bytestreams
  readonly events: Pick<RelayEvents, 'drainStarted' | 'drainEnded'>
}

/**
 * Taking nothing new while what is live ends. A draining relay is unready and no longer advertised; halves that wait
 * here can still be met and activated, and bytestreams run to their end.
 */
export class Drain {
  readonly #parts: DrainParts
  readonly #options: { readonly drainDelayMs: number; readonly drainTimeoutMs: number }
  readonly #listeners: (() => void)[] = []
  #since: number | undefined

  constructor(parts: DrainParts, options: { readonly drainDelayMs: number; readonly drainTimeoutMs: number }) {
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

  /** Starts to drain, or takes new clients again. */
  set(draining: boolean): void {
    this.#become(draining)
    this.#parts.pairing.draining = draining
  }

  /**
   * The drain before the end of the process. New clients are served for `drainDelayMs` more, until load balancers know;
   * then it waits until nothing is left, `drainTimeoutMs` are over, or `signal` cuts it short. What is live then ends.
   */
  async toEnd(signal: AbortSignal): Promise<void> {
    const { pairing, bytestreams, events } = this.#parts
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#options.drainTimeoutMs)])
    this.#become(true)
    await sleep(this.#options.drainDelayMs, undefined, { signal: deadline }).catch(() => {})
    pairing.draining = true
    while (!deadline.aborted && pairing.size + bytestreams.size > 0) {
      await sleep(LOOK_MS, undefined, { signal: deadline }).catch(() => {})
    }
    events.drainEnded(pairing.size + bytestreams.size > 0)
  }

  #become(draining: boolean): void {
    if (draining === this.draining) return
    this.#since = draining ? Date.now() : undefined
    if (draining) this.#parts.events.drainStarted(this.#parts.pairing.size, this.#parts.bytestreams.size)
    for (const listener of this.#listeners) listener()
  }
}
