import { Counter, Gauge, Histogram } from 'prom-client'
import { messageOf } from '../../shared/bytestream/failure.ts'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Metrics } from '../../shared/runtime/metrics.ts'
import { type NoticeKind, noticeKinds, type Parcel } from '../parcels/parcel.ts'
import type { Notice } from '../records/records.ts'
import { type CarrierName, carrierNames } from './carrier.ts'
import { type OfferOutcome, type OfferResult, offerOutcomes } from './stream-offer.ts'

/** An offer that has ended. */
export interface EndedOffer extends OfferResult {
  readonly by: CarrierName
  readonly durationMs: number
}

/** What deliveries have to tell. */
export interface DeliveryEvents {
  /** A file was offered to a client, and this became of it. */
  offerEnded(parcel: Parcel, offer: EndedOffer): void
  /** The message with the link is on its way. */
  linkSent(parcel: Parcel): void
  /** It came back. */
  linkReturned(parcel: Parcel, error: unknown): void
  /** The recipient's client has it. */
  linkReceived(parcel: Parcel): void
  noticeSent(notice: Notice): void
  /** What we told a sender came back; he is not told again. */
  noticeReturned(error: unknown): void
  /** A recipient's parcels could not be looked after; it is tried again. */
  roundFailed(recipient: string, error: unknown): void
  /** It could not be found out what waits, or what is to be told; it is tried again. */
  lookFailed(error: unknown): void
  /** Shows, from now on, how many recipients are being looked after at every scrape. */
  watchDelivery(delivery: { readonly active: number; readonly queued: number }): void
}

type LinkOutcome = 'sent' | 'returned' | 'received'
const linkOutcomes: readonly LinkOutcome[] = ['sent', 'returned', 'received']
const severity: Record<OfferOutcome, 'info' | 'warn'> = {
  delivered: 'info',
  declined: 'info',
  unsupported: 'info',
  unanswered: 'info',
  broken: 'warn',
}

/** Builds them. Their metrics belong to `metrics`. */
export function createDeliveryEvents({
  log,
  metrics,
}: {
  readonly log: Logger
  readonly metrics: Metrics
}): DeliveryEvents {
  const registers = [metrics]
  const deliveries = new Counter({
    name: 'splice65_courier_deliveries_total',
    help: 'Offers of files to clients (jingle, si) and messages with links (link), by what became of them.',
    labelNames: ['by', 'outcome'],
    registers,
  })
  for (const by of carrierNames) for (const outcome of offerOutcomes) deliveries.inc({ by, outcome }, 0)
  for (const outcome of linkOutcomes) deliveries.inc({ by: 'link', outcome }, 0)
  const bytes = new Counter({
    name: 'splice65_courier_delivered_bytes_total',
    help: 'Bytes of files that were delivered by stream.',
    labelNames: ['by'],
    registers,
  })
  for (const by of carrierNames) bytes.inc({ by }, 0)
  const waited = new Histogram({
    name: 'splice65_courier_delivery_wait_seconds',
    help: 'From the moment a file was stored until it was delivered by stream.',
    buckets: [1, 10, 60, 600, 3_600, 21_600, 86_400, 259_200, 604_800, 1_209_600],
    registers,
  })
  const notices = new Counter({
    name: 'splice65_courier_notices_total',
    help: 'Messages that told senders of their files, by what was told.',
    labelNames: ['kind'],
    registers,
  })
  for (const kind of noticeKinds) notices.inc({ kind }, 0)
  const returned = new Counter({
    name: 'splice65_courier_notices_returned_total',
    help: 'Messages to senders that came back as errors.',
    registers,
  })
  const failures = new Counter({
    name: 'splice65_courier_delivery_failures_total',
    help: 'Times deliveries or notices could not be looked after, because the records or the XMPP server were away.',
    registers,
  })

  const about = ({ id, sender, recipient }: Parcel) => ({ parcel: id, sender, recipient })
  const linkTold = (outcome: LinkOutcome) => deliveries.inc({ by: 'link', outcome })
  const noticeTold = (kind: NoticeKind) => notices.inc({ kind })

  return {
    offerEnded(parcel, { outcome, by, bytes: moved, durationMs, error }) {
      deliveries.inc({ by, outcome })
      bytes.inc({ by }, moved)
      if (outcome === 'delivered' && parcel.storedAt) waited.observe((Date.now() - parcel.storedAt.getTime()) / 1000)
      const reason = error instanceof Error ? error.message : undefined
      log[severity[outcome]](
        { ...about(parcel), by, outcome, bytes: moved, durationMs: Math.round(durationMs), reason },
        outcome === 'delivered' ? 'parcel delivered' : 'parcel offered in vain',
      )
    },
    linkSent(parcel) {
      linkTold('sent')
      log.info(about(parcel), 'link sent')
    },
    linkReturned(parcel, error) {
      linkTold('returned')
      log.warn({ ...about(parcel), reason: messageOf(error) }, 'link came back')
    },
    linkReceived(parcel) {
      linkTold('received')
      log.debug(about(parcel), 'link received')
    },
    noticeSent({ kind, parcel }) {
      noticeTold(kind)
      log.debug({ ...about(parcel), kind }, 'sender told')
    },
    noticeReturned(error) {
      returned.inc()
      log.info({ reason: messageOf(error) }, 'a notice came back')
    },
    roundFailed(recipient, error) {
      failures.inc()
      log.warn({ recipient, err: error }, 'the parcels of a recipient could not be looked after')
    },
    lookFailed(error) {
      failures.inc()
      log.warn({ err: error }, 'it could not be found out what is to be delivered or told')
    },
    watchDelivery(delivery) {
      new Gauge({
        name: 'splice65_courier_recipients',
        help: 'Recipients whose parcels are being looked after now, and those who wait for their turn.',
        labelNames: ['state'],
        registers,
        collect() {
          this.set({ state: 'active' }, delivery.active)
          this.set({ state: 'queued' }, delivery.queued)
        },
      })
    },
  }
}
