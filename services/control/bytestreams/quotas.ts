import { Failure } from '../../shared/bytestream/failure.ts'
import { formatBareJid, type Jid } from '../../shared/bytestream/jid.ts'
import type { AccountLimits, Entrance } from '../../shared/registry/accounts.ts'
import type { Registry } from '../../shared/registry/registry.ts'

/** The limits that a requester can meet at his activation, by what is counted. */
export const limitNames = [
  'requester-activations',
  'requester-bytestreams',
  'requester-bytes',
  'domain-bytestreams',
  'domain-bytes',
  'relay-bytestreams',
] as const
export type LimitName = (typeof limitNames)[number]

/** 0 sets no limit. */
export interface QuotaOptions {
  /** Bytestreams of one bare JID that may be live at once. */
  readonly bytestreamsPerRequester: number
  readonly bytestreamsPerDomain: number
  /** Bytes that the bytestreams of one bare JID may relay in one day, UTC. */
  readonly dailyBytesPerRequester: number
  readonly dailyBytesPerDomain: number
}

/** An account as its relay is told of it. */
export interface Counted {
  readonly name: string
  readonly entry: string
  readonly dailyBytes: number
}

/** A bytestream in its accounts. */
export interface Admitted {
  readonly accounts: readonly Counted[]
  /** It came to nothing: it is counted no more, unless it was counted before. */
  leave(): void
}

export interface QuotasParts {
  readonly registry: Pick<Registry, 'accounts'>
  readonly events: {
    limitReached(limit: LimitName): void
    /** The registry could not say whether a limit is reached. */
    limitUnchecked(error: unknown): void
  }
}

/** Who is counted, as far as a limit asks for it. */
interface Holder {
  readonly kind: 'requester' | 'domain'
  readonly jid: string
  readonly limits: AccountLimits
}

/**
 * How much a requester and a domain may use of all relays together. The registry counts; while it cannot be asked
 * nobody is refused: limits keep order among those who may use the proxy, and its absence must not end their service.
 */
export class Quotas {
  readonly #parts: QuotasParts
  readonly #options: QuotaOptions

  constructor(parts: QuotasParts, options: QuotaOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Counts a bytestream, by a name that is its own, to its requester and his domain. Throws `over-limit`, which says when to try again. */
  async admit(requester: Jid, entry: string): Promise<Admitted> {
    const holders = this.#holders(requester)
    const entrances = await Promise.all(holders.map((holder) => this.#enter(holder, entry)))
    const leave = () => {
      for (const [index, holder] of holders.entries()) {
        if (entrances[index]?.state === 'entered') this.#leave(holder, entry)
      }
    }
    for (const [index, holder] of holders.entries()) {
      const refusal = refusalOf(holder, entrances[index])
      if (!refusal) continue
      leave()
      this.#parts.events.limitReached(refusal.limit)
      throw new Failure('over-limit', `Cannot activate: ${refusal.why}`)
    }
    const accounts = holders.map((holder) => ({
      name: accountOf(holder),
      entry,
      dailyBytes: holder.limits.dailyBytes,
    }))
    return { accounts, leave }
  }

  #holders(requester: Jid): Holder[] {
    const { bytestreamsPerRequester, bytestreamsPerDomain, dailyBytesPerRequester, dailyBytesPerDomain } = this.#options
    const all: Holder[] = [
      {
        kind: 'requester',
        jid: formatBareJid(requester),
        limits: { bytestreams: bytestreamsPerRequester, dailyBytes: dailyBytesPerRequester },
      },
      {
        kind: 'domain',
        jid: requester.domain,
        limits: { bytestreams: bytestreamsPerDomain, dailyBytes: dailyBytesPerDomain },
      },
    ]
    return all.filter(({ limits }) => limits.bytestreams > 0 || limits.dailyBytes > 0)
  }

  /** Undefined when the registry cannot say. */
  async #enter(holder: Holder, entry: string): Promise<Entrance | undefined> {
    try {
      return await this.#parts.registry.accounts.enter(accountOf(holder), entry, holder.limits)
    } catch (error) {
      this.#parts.events.limitUnchecked(error)
      return undefined
    }
  }

  #leave(holder: Holder, entry: string): void {
    // Its lease will end by itself where the registry does not hear this.
    this.#parts.registry.accounts.leave(accountOf(holder), entry).catch(() => {})
  }
}

function accountOf({ kind, jid }: Holder): string {
  return `${kind}:${jid}`
}

function refusalOf(
  { kind, jid, limits }: Holder,
  entrance: Entrance | undefined,
): { readonly limit: LimitName; readonly why: string } | undefined {
  const whose = kind === 'requester' ? 'you have' : `the users of ${jid} have`
  switch (entrance?.state) {
    case 'crowded':
      return {
        limit: `${kind}-bytestreams`,
        why: `${whose} ${limits.bytestreams} bytestreams running, as many as may be; try again when one has ended`,
      }
    case 'spent': {
      const until = new Date(entrance.untilMs).toISOString().replace('.000Z', 'Z')
      return {
        limit: `${kind}-bytes`,
        why: `${whose} used up the ${limits.dailyBytes} bytes of this day; try again after ${until}`,
      }
    }
    default:
      return undefined
  }
}
