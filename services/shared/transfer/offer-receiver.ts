import { formatBareJid, type Jid, parseJid } from '../bytestream/jid.ts'
import { type Session, senderOf } from '../xmpp/session.ts'
import { type Element, ns } from '../xmpp/xml.ts'
import { type Claims, createClaims } from './claims.ts'
import type { Method, OnTransferEvent } from './events.ts'
import type { FileSink } from './file-sink.ts'
import { refuseUnknownInBand } from './ibb-receiver.ts'
import { type Received, receiveFile } from './incoming.ts'
import {
  declined,
  formatAnswer,
  methodFeature,
  noValidStreams,
  type OfferedFile,
  offerFeatures,
  parseOffer,
} from './offer.ts'
import { type FileIdentity, identityKey } from './partial-file.ts'
import type { SocketStreamOptions } from './socket-stream.ts'
import type { DialOptions } from './socks5-client.ts'
import type { ChooseStreamhosts } from './streamhost.ts'

/** The features to advertise for a session that is offered files by SI, and takes them by these methods. */
export function receiverFeaturesOf(methods: readonly Method[]): string[] {
  return [...offerFeatures, ns.featureNegotiation, ...methods.map(methodFeature)]
}

/** A file that is offered to us. */
export interface IncomingOffer {
  /** The sender's full JID, as his server stamped it. */
  readonly peer: string
  /** Our address that he offers it to. */
  readonly to: Jid
  readonly sid: string
  readonly file: OfferedFile
}

export interface OfferReceiverParts<Kept> {
  /** Whether to take a file. A string says why not; a thrown `StanzaError` is the answer. */
  readonly decide: (offer: IncomingOffer) => true | string | Promise<true | string>
  /** Opens what the bytes go to; with `resume`, after those of an earlier attempt. A thrown `StanzaError` is the answer. */
  readonly open: (offer: IncomingOffer, options: { readonly resume: boolean }) => Promise<FileSink<Kept>>
  /** Called for every offer that is to be taken; what it returns hears what happens to that one. */
  readonly watch: (offer: IncomingOffer) => OnTransferEvent
  /** Called for every accepted offer, before its bytes come. `done` resolves when the file is whole and kept. */
  readonly onTransfer: (peer: string, done: Promise<Received<Kept>>) => void
  /** Shared with whatever else receives the same files. Default: its own. */
  readonly claims?: Claims
}

export interface OfferReceiverOptions {
  /** Larger files are declined. Default: no limit. */
  readonly maxBytes?: number
  /** The methods we accept. Default SOCKS5 and in-band. */
  readonly methods?: readonly Method[]
  /** How long an accepted sender may take to open the stream. Default 180 000. */
  readonly streamTimeoutMs?: number
  /** Which of the streamhosts that a sender offers are dialled. Default all. */
  readonly choose?: ChooseStreamhosts
  readonly dial?: DialOptions
  readonly stream?: SocketStreamOptions
}

/** Receives what is offered to the sessions that it attends. */
export interface OfferReceiver {
  /** Takes offers to this session, from now on. The answer ends that; what is under way goes on. */
  attend(session: Session): () => void
  /** Aborts what is under way and keeps it for a later resumption; resolves when that is done. Offers are declined. */
  stop(): Promise<void>
}

/** Builds a receiver of offers by SI. Whoever builds it stops it. */
export function createOfferReceiver<Kept>(
  { decide, open, onTransfer, watch, claims = createClaims() }: OfferReceiverParts<Kept>,
  options: OfferReceiverOptions,
): OfferReceiver {
  const { maxBytes = Number.POSITIVE_INFINITY, methods = ['s5b', 'ibb'], streamTimeoutMs = 180_000 } = options

  async function accept(session: Session, si: Element, iq: Element): Promise<Element> {
    const peer = senderOf(iq, session)
    const { sid, file, methods: offered } = parseOffer(si)
    const method = offered.find((each) => methods.includes(each))
    if (!method) throw noValidStreams()
    if (file.size > maxBytes) throw declined(`Files of more than ${maxBytes} bytes are not taken`)
    const offer: IncomingOffer = { peer, to: session.jid, sid, file }
    const decision = await decide(offer)
    if (decision !== true) throw declined(decision)
    const tell = watch(offer)
    tell({ event: 'offered', protocol: 'si', sid, name: file.name, size: file.size, peer, methods: offered })
    return begin(session, offer, method, tell)
  }

  async function begin(
    session: Session,
    offer: IncomingOffer,
    method: Method,
    tell: OnTransferEvent,
  ): Promise<Element> {
    const { sid, peer, file } = offer
    const claim = await claims.claim(offerKey(offer))
    const sink = await open(offer, { resume: file.ranges }).catch((error: unknown) => {
      claim.release()
      throw error
    })
    const done = receiveFile(
      { session, sink, tell },
      {
        sid,
        peer,
        name: file.name,
        size: file.size,
        method,
        streamTimeoutMs,
        ...options,
        signal: claim.signal,
      },
    )
    done.then(claim.release, claim.release)
    onTransfer(peer, done)
    const answer = { method, offset: sink.offset }
    tell({ event: 'accepted', sid, ...answer })
    return formatAnswer(answer)
  }

  return {
    attend(session) {
      const handlers = [
        refuseUnknownInBand(session),
        session.onIq({ type: 'set', name: 'si', namespace: ns.si }, (si, iq) => accept(session, si, iq)),
      ]
      return () => {
        for (const remove of handlers) remove()
      }
    },
    stop: () => claims.stop(),
  }
}

/** What an offer claims: a file of one sender for one address of ours. */
export function offerKey({ to, peer, file }: IncomingOffer): string {
  return `${to.local} ${identityKey(identityOf(peer, file))}`
}

/** What tells an offered file from another one. */
export function identityOf(peer: string, { name, size, date, sha256, hash = sha256 }: OfferedFile): FileIdentity {
  return {
    sender: formatBareJid(parseJid(peer)),
    name,
    size,
    ...(date !== undefined && { date }),
    ...(hash !== undefined && { hash }),
  }
}
