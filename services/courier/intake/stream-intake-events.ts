import { Counter } from 'prom-client'
import { formatBareJid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Metrics } from '../../shared/runtime/metrics.ts'
import type { IntakeEvents } from './intake.ts'
import type { OfferIntakeParts } from './offers.ts'
import type { OwnProxiesParts } from './own-proxies.ts'

/** What the intake by stream has to tell. */
export interface StreamIntakeEvents extends IntakeEvents {
  transferBroken: OfferIntakeParts['events']['transferBroken']
  proxySilent: OwnProxiesParts['events']['proxySilent']
}

/** Builds them. */
export function createStreamIntakeEvents({
  log,
  metrics,
}: {
  readonly log: Logger
  readonly metrics: Metrics
}): StreamIntakeEvents {
  const registers = [metrics]
  const offers = new Counter({
    name: 'splice65_courier_offers_total',
    help: 'Files offered by stream, by answer: accepted or the condition of the refusal.',
    labelNames: ['outcome'] as const,
    registers,
  })
  for (const outcome of ['accepted', 'resource-constraint', 'not-acceptable', 'forbidden']) offers.inc({ outcome }, 0)
  const intakes = new Counter({
    name: 'splice65_courier_intakes_total',
    help: 'Accepted files that came by stream, by how that ended: stored, broken (can be resumed) or dropped.',
    labelNames: ['outcome'] as const,
    registers,
  })
  for (const outcome of ['stored', 'broken', 'dropped']) intakes.inc({ outcome }, 0)
  const bytes = new Counter({
    name: 'splice65_courier_intake_bytes_total',
    help: 'Bytes that came by stream and were written.',
    registers,
  })
  return {
    offerAnswered: (outcome) => offers.inc({ outcome }),
    bytesTaken: (length) => bytes.inc(length),
    intakeEnded({ id, sender, recipient, size }, outcome) {
      intakes.inc({ outcome })
      if (outcome === 'stored') return
      log.info({ parcel: id, sender, recipient, size, outcome }, 'a file did not come by stream, or not all of it')
    },
    intakeFailed: (error) => log.error({ err: error }, 'an offered file could not be taken'),
    transferBroken(peer, error) {
      log.debug({ sender: formatBareJid(parseJid(peer)), err: error }, 'a transfer broke off')
    },
    proxySilent(proxy, error) {
      log.warn({ proxy, err: error }, 'a proxy does not tell its addresses: files come in-band instead')
    },
  }
}
