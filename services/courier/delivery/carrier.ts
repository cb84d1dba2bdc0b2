import type { Method, TransferSummary } from '../../shared/transfer/events.ts'
import { jingleMethods, sendByJingle } from '../../shared/transfer/jingle/sender.ts'
import { methodFeature, offerFeatures } from '../../shared/transfer/offer.ts'
import { type SenderParts, type SendOptions, sendByOffer } from '../../shared/transfer/sender.ts'
import type { ChooseStreamhosts } from '../../shared/transfer/streamhost.ts'

/** A protocol by which a file is offered to a client and streamed to it. */
export interface Carrier {
  readonly name: CarrierName
  /** The ways for the bytes that a client with these features takes, the best first; none when it does not know this. */
  methods(features: ReadonlySet<string>): readonly Method[]
  /**
   * Offers a file and streams it. Resolves only when the receiver has all of it as far as the protocol can tell. Throws a
   * `StanzaError` that was answered, or a `Failure`.
   */
  send(
    parts: SenderParts,
    options: Omit<SendOptions, 'method' | 'protocol'>,
    methods: readonly Method[],
  ): Promise<TransferSummary>
}

export const carrierNames = ['jingle', 'si'] as const
export type CarrierName = (typeof carrierNames)[number]

/** A receiver has to write the last bytes somewhere before it closes. */
const closeTimeoutMs = 60_000

/** SI has no word for *received*: a receiver that closes after the last byte has it. */
const si: Carrier = {
  name: 'si',
  methods(features) {
    if (!offerFeatures.every((feature) => features.has(feature))) return []
    return (['s5b', 'ibb'] as const).filter((method) => features.has(methodFeature(method)))
  },
  send: (parts, options, methods) =>
    sendByOffer(parts, { ...options, stream: { closeTimeoutMs, mustClose: true } }, methods),
}

/** Of the addresses that a client names none is dialled: what our proxies carry is what we have offered. */
const noStreamhosts: ChooseStreamhosts = async () => []

const jingle: Carrier = {
  name: 'jingle',
  methods: jingleMethods,
  send: (parts, options, methods) => sendByJingle(parts, { ...options, choose: noStreamhosts }, methods),
}

const carriers: readonly Carrier[] = [jingle, si]

/** A carrier with the ways for the bytes that a client takes by it. */
export interface Way {
  readonly carrier: Carrier
  readonly methods: readonly Method[]
}

/**
 * How a file can be streamed to a client with these features, the best first. Without a proxy there is no SOCKS5: the offer
 * could not be kept, and SI needs a second one to fall back.
 */
export function waysTo(features: ReadonlySet<string>, proxies: readonly string[]): readonly Way[] {
  return carriers.flatMap((carrier) => {
    const methods = carrier.methods(features).filter((method) => method !== 's5b' || proxies.length > 0)
    return methods.length > 0 ? [{ carrier, methods }] : []
  })
}
