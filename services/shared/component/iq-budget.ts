import { formatBareJid, type Jid } from '../bytestream/jid.ts'
import type { Clock } from '../runtime/clock.ts'

/** How many requests one bare JID may make. */
export interface IqBudgetOptions {
  /** A second, on average. */
  readonly iqsPerSecond: number
  /** At once, after a rest. */
  readonly iqBurst: number
}

/**
 * What becomes of a request: `admitted`; `refused`, the first beyond the budget, whose sender is told so; `dropped`, each
 * that follows until the sender has rested.
 */
export type Admittance = 'admitted' | 'refused' | 'dropped'

/** A sender that has not rested since its last request. */
interface Spender {
  tokens: number
  atMs: number
  /** Whether it has been told. */
  told: boolean
}

/** More senders than this, and the one that has asked nothing for longest is forgotten: it begins with a full budget. */
const mostSpenders = 10_000

/**
 * The requests that each bare JID may make: a token bucket, so that a flood from one costs the others nothing but
 * reading it. Telling a flood that it is one would answer each of its requests all the same, so it is told once; its
 * rest is over, and it would be told again, when the bucket is full.
 */
export class IqBudget {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #burst: number
  /** In the order of their last requests. */
  readonly #spenders = new Map<string, Spender>()

  constructor({ clock }: { readonly clock: Clock }, { iqsPerSecond, iqBurst }: IqBudgetOptions) {
    this.#clock = clock
    this.#perMs = iqsPerSecond / 1_000
    this.#burst = iqBurst
  }

  /** How many senders are remembered. */
  get size(): number {
    return this.#spenders.size
  }

  /** Takes one request out of its sender's budget. */
  take(sender: Jid): Admittance {
    const key = formatBareJid(sender)
    const spender = this.#rested(key)
    this.#spenders.delete(key)
    this.#spenders.set(key, spender)
    this.#forgetOldest()
    if (spender.tokens >= 1) {
      spender.tokens -= 1
      return 'admitted'
    }
    if (spender.told) return 'dropped'
    spender.told = true
    return 'refused'
  }

  /** The sender with what has come into its bucket since it was last seen. */
  #rested(key: string): Spender {
    const nowMs = this.#clock.now()
    const spender = this.#spenders.get(key)
    const tokens = spender ? spender.tokens + (nowMs - spender.atMs) * this.#perMs : this.#burst
    if (!spender || tokens >= this.#burst) return { tokens: this.#burst, atMs: nowMs, told: false }
    spender.tokens = tokens
    spender.atMs = nowMs
    return spender
  }

  #forgetOldest(): void {
    const [oldest] = this.#spenders.keys()
    if (this.#spenders.size > mostSpenders && oldest !== undefined) this.#spenders.delete(oldest)
  }
}
