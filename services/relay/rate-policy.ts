import { formatBareJid, parseJid } from '../shared/bytestream/jid.ts'
import { RateLimit } from './engine/rate-limit.ts'

/** Bytes a second, both directions together; 0 sets no limit. */
export interface RateOptions {
  readonly streamRateBytes: number
  readonly requesterRateBytes: number
  readonly podRateBytes: number
}

/** The limits of one bytestream, until it gives them back. */
export interface Rates {
  readonly limits: readonly RateLimit[]
  /** The bytestream has ended. */
  giveBack(): void
}

/**
 * Which limits hold for a bytestream: its own, its requester's over all his bytestreams on this relay, and the relay's.
 * They hold per relay and on the owner only: a requester whose bytestreams are spread over n relays gets up to n times
 * his limit, and no relay has to ask another before it moves a byte.
 */
export class RatePolicy {
  readonly #options: RateOptions
  readonly #pod: RateLimit | undefined
  readonly #requesters = new Map<string, RateLimit>()

  constructor(options: RateOptions) {
    this.#options = options
    this.#pod = options.podRateBytes > 0 ? new RateLimit(options.podRateBytes) : undefined
  }

  /** The limits for a bytestream of this requester, a full JID. */
  of(requester: string): Rates {
    const { streamRateBytes, requesterRateBytes } = this.#options
    const bare = formatBareJid(parseJid(requester))
    const limits: RateLimit[] = []
    if (this.#pod) limits.push(this.#pod)
    if (streamRateBytes > 0) limits.push(new RateLimit(streamRateBytes))
    if (requesterRateBytes > 0) limits.push(this.#ofRequester(bare, requesterRateBytes))
    for (const limit of limits) limit.enter()
    return {
      limits,
      giveBack: () => {
        for (const limit of limits) {
          if (limit.leave() === 0 && limit === this.#requesters.get(bare)) this.#requesters.delete(bare)
        }
      },
    }
  }

  #ofRequester(bare: string, bytesPerSecond: number): RateLimit {
    const limit = this.#requesters.get(bare) ?? new RateLimit(bytesPerSecond)
    this.#requesters.set(bare, limit)
    return limit
  }
}
