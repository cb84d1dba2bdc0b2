/** How far a limit may run ahead after a pause: what timers oversleep is made up for within it. */
const BURST_NS = 50_000_000n
/** A charge is at most so much of a second's worth, so that many flows can take turns. */
const CHUNK_SECONDS = 0.01
const LEAST_CHUNK_BYTES = 4 * 1024

/** A rate limit as it crosses to another thread. */
export interface SharedRateLimit {
  readonly bytesPerSecond: number
  readonly memory: SharedArrayBuffer
  /** Milliseconds of `performance.timeOrigin` at which its own time begins. */
  readonly epochMs: number
}

/**
 * A token bucket that any number of flows share, on any thread: one 64-bit moment in shared memory, up to which the
 * limit is used up. Whoever moved bytes charges them afterwards and waits until its debt is over, so flows take turns
 * and none is starved.
 */
export class RateLimit {
  readonly shared: SharedRateLimit
  /** [0] the moment, in nanoseconds since the epoch; [1] how many flows share the limit. */
  readonly #state: BigInt64Array

  constructor(limit: number | SharedRateLimit) {
    this.shared = typeof limit === 'number' ? fresh(limit) : limit
    this.#state = new BigInt64Array(this.shared.memory)
  }

  /** One more flow shares it. */
  enter(): void {
    Atomics.add(this.#state, 1, 1n)
  }

  /** One flow fewer shares it. Gives how many are left. */
  leave(): number {
    return Number(Atomics.sub(this.#state, 1, 1n)) - 1
  }

  /** How much one flow should move before it charges. */
  get chunkBytes(): number {
    const flows = Math.max(1, Number(Atomics.load(this.#state, 1)))
    return Math.max(LEAST_CHUNK_BYTES, Math.floor((this.shared.bytesPerSecond * CHUNK_SECONDS) / flows))
  }

  /** Charges bytes that were moved. Gives the milliseconds to wait before the next ones, 0 for none. */
  charge(bytes: number): number {
    const cost = BigInt(Math.round((bytes / this.shared.bytesPerSecond) * 1e9))
    for (;;) {
      const usedUpTo = Atomics.load(this.#state, 0)
      const now = this.#now()
      const earliest = now - BURST_NS
      const next = (usedUpTo > earliest ? usedUpTo : earliest) + cost
      if (Atomics.compareExchange(this.#state, 0, usedUpTo, next) !== usedUpTo) continue
      return next > now ? Number(next - now) / 1e6 : 0
    }
  }

  #now(): bigint {
    return BigInt(Math.round((performance.timeOrigin + performance.now() - this.shared.epochMs) * 1e6))
  }
}

function fresh(bytesPerSecond: number): SharedRateLimit {
  const memory = new SharedArrayBuffer(16)
  new BigInt64Array(memory)[0] = -BURST_NS
  return { bytesPerSecond, memory, epochMs: performance.timeOrigin + performance.now() }
}

/** The limits that hold for one flow, together. */
export class RateLimits {
  readonly #limits: readonly RateLimit[]

  constructor(limits: readonly RateLimit[]) {
    this.#limits = limits
  }

  /** How much to move before the next charge; infinite without limits. */
  get chunkBytes(): number {
    let least = Number.POSITIVE_INFINITY
    for (const limit of this.#limits) least = Math.min(least, limit.chunkBytes)
    return least
  }

  /** Charges every limit. Gives the longest of their waits, in milliseconds. */
  charge(bytes: number): number {
    let longest = 0
    for (const limit of this.#limits) longest = Math.max(longest, limit.charge(bytes))
    return longest
  }
}
