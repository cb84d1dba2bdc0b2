import { once } from 'node:events'
import { formatBareJid, parseJid } from '../../bytestream/jid.ts'
import { notMine, type Session, senderOf } from '../../xmpp/session.ts'
import { StanzaError } from '../../xmpp/stanza-error.ts'
import { type Element, ns } from '../../xmpp/xml.ts'
import { createClaims } from '../claims.ts'
import type { Method } from '../events.ts'
import { refuseUnknownInBand } from '../ibb-receiver.ts'
import { type IncomingOffer, type OfferReceiver, type OfferReceiverParts, offerKey } from '../offer-receiver.ts'
import { JingleFailure, reasonOf } from './ending.ts'
import { fileError, hashFeatures } from './file-description.ts'
import { type IncomingOptions, receiveByJingle } from './incoming.ts'
import { parseJingle, type Reason } from './jingle.ts'
import { JingleSession, refuseUnknownSessions } from './jingle-session.ts'
import { type JingleOffer, parseOffer } from './offer.ts'

const features: Readonly<Partial<Record<Method, string>>> = { s5b: ns.jingleSocks, ibb: ns.jingleInBand }

/** The features to advertise for a session that is offered files by Jingle, and takes them by these methods. */
export function jingleFeaturesOf(methods: readonly Method[]): string[] {
  return [ns.jingle, ns.jingleFile, ...hashFeatures, ...methods.flatMap((method) => features[method] ?? [])]
}

export interface JingleReceiverOptions extends Omit<IncomingOptions, 'signal'> {
  /** Larger files are declined. Default: no limit. */
  readonly maxBytes?: number
  /** Sessions of one bare JID at a time. Default 16. */
  readonly maxSessions?: number
}

/** Builds a receiver of offers by Jingle. Whoever builds it stops it. */
export function createJingleReceiver<Kept>(
  { decide, open, onTransfer, watch, claims = createClaims() }: OfferReceiverParts<Kept>,
  options: JingleReceiverOptions = {},
): OfferReceiver {
  const { maxBytes = Number.POSITIVE_INFINITY, maxSessions = 16 } = options
  const running = new Map<JingleSession, Promise<void>>()

  function begin(session: Session, element: Element, iq: Element): undefined | typeof notMine {
    const request = parseJingle(element)
    if (request.action !== 'session-initiate') return notMine
    const peer = senderOf(iq, session)
    const offer = parseOffer(request)
    const account = bare(peer)
    if ([...running.keys()].filter((other) => bare(other.peer) === account).length >= maxSessions) {
      throw new StanzaError({ condition: 'resource-constraint', text: `There are ${maxSessions} sessions of yours` })
    }
    const jingle = new JingleSession({ session }, { ...offer, peer, role: 'responder' })
    // The acknowledgement goes first.
    const over = new Promise((resolve) => setImmediate(resolve))
      .then(() => converse(session, jingle, offer))
      .catch((error: unknown) => jingle.terminate(refusalOf(error)))
      .finally(() => running.delete(jingle))
    running.set(jingle, over)
    return undefined
  }

  async function converse(session: Session, jingle: JingleSession, offered: JingleOffer): Promise<void> {
    if (offered.refusal) return jingle.terminate(offered.refusal)
    const { sid, peer } = jingle
    const { file, transport } = offered
    const { name, size } = file
    if (size > maxBytes) {
      const text = `Files of more than ${maxBytes} bytes are not taken`
      return jingle.terminate({ condition: 'media-error', text, app: fileError('file-too-large') })
    }
    const offer: IncomingOffer = { peer, to: session.jid, sid, file }
    // A person may still be thinking when the sender has given up.
    const decision = await Promise.race([decide(offer), ended(jingle.signal)])
    if (decision !== true) return jingle.terminate({ condition: 'decline', text: decision })
    const tell = watch(offer)
    tell({ event: 'offered', protocol: 'jingle', sid, name, size, peer, methods: [transport.method] })
    const claim = await claims.claim(offerKey(offer))
    try {
      const sink = await open(offer, { resume: file.ranges })
      const signal = AbortSignal.any([claim.signal, jingle.signal])
      const done = receiveByJingle({ session, jingle, sink, tell }, { file, transport }, { ...options, signal })
      onTransfer(peer, done)
      await done.catch(() => {})
    } finally {
      claim.release()
    }
  }

  return {
    attend(session) {
      const handlers = [
        refuseUnknownInBand(session),
        refuseUnknownSessions(session),
        session.onIq({ type: 'set', name: 'jingle', namespace: ns.jingle }, (element, iq) =>
          begin(session, element, iq),
        ),
      ]
      return () => {
        for (const remove of handlers) remove()
      }
    },
    async stop() {
      const ending = [...running]
      // First the word, so that nobody takes the end of a stream for a fault of it.
      const told = ending.map(([jingle]) => jingle.terminate({ condition: 'gone' }))
      await Promise.all([...told, claims.stop(), ...ending.map(([, over]) => over)])
    },
  }
}

/** Rejects when the signal aborts. */
async function ended(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

/** Before anything is accepted there is no stream to fail. */
function refusalOf(error: unknown): Reason {
  const reason = reasonOf(error)
  const isBusy = reason.condition === 'failed-transport' && !(error instanceof JingleFailure)
  return isBusy ? { ...reason, condition: 'busy' } : reason
}

function bare(peer: string): string {
  return formatBareJid(parseJid(peer))
}
