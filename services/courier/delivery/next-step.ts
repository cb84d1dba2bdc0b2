import type { Parcel } from '../parcels/parcel.ts'

/** How a deployment hands files over. */
export type DeliveryPolicy = 'auto' | 'stream' | 'link'

/** A resource of the recipient as far as it is known in this round. */
export interface KnownResource {
  /** Full JID. */
  readonly jid: string
  /** Whether it takes files by stream. `unknown` until it was asked; `unanswered` when nobody there decided about an offer. */
  readonly streams: 'unknown' | 'yes' | 'no' | 'unanswered'
  /** Something went wrong with it that may go better later. */
  readonly troubled: boolean
}

/** All that decides what is done next for one stored parcel. */
export interface Situation {
  readonly policy: DeliveryPolicy
  readonly parcel: Pick<Parcel, 'attempts' | 'linkedAt' | 'declinedAt'>
  /** The recipient lets us see his presence, by which he agreed to be offered files. */
  readonly agreed: boolean
  /** What is online of him, the best first. */
  readonly resources: readonly KnownResource[]
  /** Policy `auto`: deliveries by stream that are tried before the link is sent. */
  readonly attemptsBeforeLink: number
}

/**
 * What to do next. `ask`: find out what this resource can. `offer`: offer the file to it. `link`: send the link. `wait`:
 * nothing now; for an `arrival`, or for a while (`retry`), or until the parcel ends by itself (`end`).
 */
export type Step =
  | { readonly does: 'ask' | 'offer'; readonly to: string }
  | { readonly does: 'link' }
  | { readonly does: 'wait'; readonly until: 'arrival' | 'retry' | 'end' }

/** Decides the next step for a parcel. Pure: the same situation gives the same step. */
export function nextStep({ policy, parcel, agreed, resources, attemptsBeforeLink }: Situation): Step {
  const enough = policy === 'auto' && parcel.attempts >= attemptsBeforeLink
  // Once is enough: his server keeps the message. Who agrees to streams after it is offered one all the same.
  const byLink: Step = policy === 'stream' || parcel.linkedAt ? { does: 'wait', until: 'end' } : { does: 'link' }
  if (policy === 'link' || parcel.declinedAt || enough) return byLink
  if (!agreed) return policy === 'stream' ? { does: 'wait', until: 'arrival' } : byLink
  if (resources.length === 0) return { does: 'wait', until: 'arrival' }
  const next = resources.find(({ streams, troubled }) => (streams === 'unknown' || streams === 'yes') && !troubled)
  if (next) return { does: next.streams === 'yes' ? 'offer' : 'ask', to: next.jid }
  if (resources.some(({ troubled }) => troubled)) return { does: 'wait', until: 'retry' }
  // Nothing that is online of him takes a stream now.
  if (policy !== 'stream') return byLink
  return { does: 'wait', until: resources.some(({ streams }) => streams === 'unanswered') ? 'retry' : 'arrival' }
}
