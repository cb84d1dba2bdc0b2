import { Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import { discoverInfo } from '../../shared/xmpp/discovery.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { addressOf } from '../addresses/address.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Presence } from '../presence/presence.ts'
import type { Lease, Records } from '../records/records.ts'
import { type Way, waysTo } from './carrier.ts'
import type { DeliveryEvents } from './delivery-events.ts'
import { type LinkMessageOptions, linkMessage } from './link-message.ts'
import { type DeliveryPolicy, type KnownResource, nextStep, type Step } from './next-step.ts'
import { type ReadParcel, sourceParcel } from './source-parcel.ts'
import { offerStream } from './stream-offer.ts'
import { underLease } from './under-lease.ts'

/** What a delivery needs of the records. */
export type DeliveryRecords = Pick<
  Records,
  'waitingFor' | 'find' | 'take' | 'renew' | 'release' | 'noteAttempt' | 'noteLinked' | 'noteDeclined' | 'end'
>

export interface RoundParts {
  readonly records: DeliveryRecords
  readonly presence: Presence
  readonly switchboard: Pick<Switchboard, 'session' | 'settled'>
  readonly read: ReadParcel
  readonly events: Pick<DeliveryEvents, 'offerEnded' | 'linkSent'>
  readonly clock: Clock
}

export interface RoundOptions extends LinkMessageOptions {
  readonly delivery: DeliveryPolicy
  readonly deliveryAttempts: number
  readonly deliveryAnswerMs: number
  readonly proxies: readonly string[]
  /** Name of this process in leases. */
  readonly holder: string
}

/** `retry`: something may go better in a while; `empty`: nothing waits for this recipient. */
export interface RoundResult {
  readonly waits: 'retry' | 'quietly' | 'empty'
  /** Parcels that were handed over by stream. */
  readonly delivered: number
}

/** How long a client may take to say what it can. */
const askMs = 30_000

/** What is known of a resource in this round. */
interface Resource extends Pick<KnownResource, 'troubled'> {
  /** Those that are left; undefined until it was asked. */
  readonly ways?: readonly Way[]
  /** Its user did not decide about an offer. */
  readonly unanswered?: boolean
}

/**
 * One look at all that waits for one recipient, oldest first: each parcel is handed over, or its link sent, or left for
 * later. What a resource cannot, and what went wrong with it, counts for all parcels of the round.
 */
export class Round {
  readonly #parts: RoundParts
  readonly #options: RoundOptions
  readonly #recipient: string
  readonly #resources = new Map<string, Resource>()
  #agreed = false
  #delivered = 0

  constructor(parts: RoundParts, options: RoundOptions, recipient: string) {
    this.#parts = parts
    this.#options = options
    this.#recipient = recipient
  }

  /** Runs to its end. Throws when the signal aborts, and `unavailable` when records or the component are away. */
  async run(signal: AbortSignal): Promise<RoundResult> {
    const { records, presence } = this.#parts
    const parcels = await records.waitingFor(this.#recipient)
    if (parcels.length === 0) return { waits: 'empty', delivered: 0 }
    if (this.#options.delivery !== 'link') {
      await presence.await(this.#recipient)
      this.#agreed = await presence.agreed(this.#recipient)
    }
    let retry = false
    for (const parcel of parcels) {
      signal.throwIfAborted()
      if (await this.#handOver(parcel, signal)) retry = true
    }
    return { waits: retry ? 'retry' : 'quietly', delivered: this.#delivered }
  }

  /** Whether this parcel is to be tried again in a while. */
  async #handOver(seen: Parcel, signal: AbortSignal): Promise<boolean> {
    const first = this.#decide(seen)
    if (first.does === 'wait') return first.until === 'retry'
    const { records, clock } = this.#parts
    const terms = { name: `parcel/${seen.id}`, holder: this.#options.holder, signal }
    const retry = await underLease({ records, clock }, terms, async (lease, held) => {
      for (;;) {
        held.throwIfAborted()
        // What was read without the lease may be history.
        const parcel = await records.find(seen.id)
        if (parcel?.state !== 'stored') return false
        const step = this.#decide(parcel)
        if (step.does === 'wait') return step.until === 'retry'
        if (await this.#take(step, parcel, lease, held)) return false
      }
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      if (error instanceof Failure && error.code === 'taken') return true
      throw error
    })
    // Another replica has it; it may die.
    return retry ?? true
  }

  #decide(parcel: Parcel): Step {
    const { delivery: policy, deliveryAttempts: attemptsBeforeLink } = this.#options
    const resources = this.#parts.presence.resources(this.#recipient).map(({ jid }): KnownResource => {
      const resource = this.#resources.get(jid)
      return { jid, troubled: resource?.troubled ?? false, streams: streamsOf(resource) }
    })
    return nextStep({ policy, parcel, agreed: this.#agreed, resources, attemptsBeforeLink })
  }

  /** Takes one step; whether the parcel needs no other. */
  async #take(step: Exclude<Step, { does: 'wait' }>, parcel: Parcel, lease: Lease, signal: AbortSignal) {
    const session = this.#parts.switchboard.session(addressOf(parcel.sender, this.#options.componentDomain))
    switch (step.does) {
      case 'ask':
        await this.#ask(step.to, session, signal)
        return false
      case 'offer':
        return this.#offer(step.to, { parcel, session, lease, signal })
      case 'link':
        await session.send(linkMessage(parcel, this.#options))
        await this.#parts.switchboard.settled()
        killPoint('parcel-link-sent')
        // The server may have sent it back already.
        await this.#parts.records.noteLinked(lease, parcel.linkReturns)
        this.#parts.events.linkSent(parcel)
        return true
    }
  }

  async #ask(jid: string, session: Session, signal: AbortSignal): Promise<void> {
    try {
      const { features } = await discoverInfo(session, jid, { timeoutMs: askMs, signal })
      this.#resources.set(jid, { troubled: false, ways: waysTo(features, this.#options.proxies) })
    } catch (error) {
      signal.throwIfAborted()
      const refused = error instanceof StanzaError && error.type !== 'wait'
      this.#resources.set(jid, refused ? { troubled: false, ways: [] } : { troubled: true })
    }
  }

  async #offer(
    to: string,
    context: {
      readonly parcel: Parcel
      readonly session: Session
      readonly lease: Lease
      readonly signal: AbortSignal
    },
  ): Promise<boolean> {
    const { records, presence, events, clock, read } = this.#parts
    const { parcel, session, lease, signal } = context
    const [way, ...otherWays] = this.#resources.get(to)?.ways ?? []
    if (!way) return false
    await records.noteAttempt(lease)
    killPoint('parcel-offering')
    const startedMs = clock.now()
    const result = await offerStream(
      { session, file: sourceParcel(parcel, read), presence },
      {
        to,
        way,
        proxies: this.#options.proxies,
        sidPrefix: `${parcel.id}.`,
        offerTimeoutMs: this.#options.deliveryAnswerMs,
        signal,
        ...(parcel.description !== undefined && { description: parcel.description }),
      },
    )
    const told = { ...result, by: way.carrier.name, durationMs: clock.now() - startedMs }
    switch (result.outcome) {
      case 'delivered':
        killPoint('parcel-handed-over')
        await records.end(parcel.id, 'delivered', lease)
        this.#delivered += 1
        events.offerEnded(parcel, told)
        return true
      case 'declined':
        await records.noteDeclined(lease)
        break
      case 'unsupported':
        this.#resources.set(to, { troubled: false, ways: otherWays })
        break
      case 'unanswered':
        this.#resources.set(to, { troubled: false, ways: [way, ...otherWays], unanswered: true })
        break
      case 'broken':
        this.#resources.set(to, { troubled: true, ways: [way, ...otherWays] })
        break
    }
    events.offerEnded(parcel, told)
    return false
  }
}

function streamsOf(resource: Resource | undefined): KnownResource['streams'] {
  if (resource?.ways === undefined) return 'unknown'
  if (resource.unanswered) return 'unanswered'
  return resource.ways.length > 0 ? 'yes' : 'no'
}
