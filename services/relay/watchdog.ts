import type { Ending } from '../shared/bytestream/outcome.ts'
import type { Flow } from './engine/engine.ts'

/** How long a bytestream may be what it is, in milliseconds, and how large it may become. */
export interface WatchdogLimits {
  /** Without a byte in either direction. */
  readonly idleTimeoutMs: number
  /** With bytes at hand that a receiver does not take. */
  readonly stallTimeoutMs: number
  /** In all; 0 sets no bound. */
  readonly lifetimeMs: number
  /** Bytes in all, both directions together; 0 sets no bound. */
  readonly maxBytestreamBytes: number
}

type Counters = ReturnType<Flow['progress']>

/**
 * Judges one bytestream by its counters, from one look to the next. Idle is both directions together: a one-way
 * transfer may run for hours while the other direction says nothing.
 */
export class Watchdog {
  readonly #limits: WatchdogLimits
  readonly #startedAt: number
  #moved: Record<keyof Counters, { bytes: number; at: number }>

  constructor(limits: WatchdogLimits, now: number) {
    this.#limits = limits
    this.#startedAt = now
    this.#moved = { fromFirst: { bytes: 0, at: now }, fromSecond: { bytes: 0, at: now } }
  }

  /** Why the bytestream must end now, or undefined. */
  look(now: number, counters: Counters): Ending | undefined {
    const { idleTimeoutMs, stallTimeoutMs, lifetimeMs, maxBytestreamBytes } = this.#limits
    if (lifetimeMs > 0 && now - this.#startedAt >= lifetimeMs) return { outcome: 'expired', reason: 'lifetime' }
    const bytes = counters.fromFirst.bytes + counters.fromSecond.bytes
    if (maxBytestreamBytes > 0 && bytes > maxBytestreamBytes) return { outcome: 'exceeded', reason: 'size' }
    for (const side of ['fromFirst', 'fromSecond'] as const) {
      const moved = this.#moved[side]
      if (counters[side].bytes !== moved.bytes) this.#moved[side] = { bytes: counters[side].bytes, at: now }
      else if (counters[side].blocked && now - moved.at >= stallTimeoutMs)
        return { outcome: 'expired', reason: 'stalled' }
    }
    const movedAt = Math.max(this.#moved.fromFirst.at, this.#moved.fromSecond.at)
    return now - movedAt >= idleTimeoutMs ? { outcome: 'expired', reason: 'idle' } : undefined
  }
}
