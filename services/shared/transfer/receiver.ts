import { Failure } from '../bytestream/failure.ts'
import { formatBareJid, parseJid } from '../bytestream/jid.ts'
import { type Session, senderOf } from '../xmpp/session.ts'
import { type Element, ns } from '../xmpp/xml.ts'
import type { Method, OnTransferEvent } from './events.ts'
import { refuseUnknownInBand } from './ibb-receiver.ts'
import { type ReceivedFile, receiveFile } from './incoming.ts'
import {
  declined,
  formatAnswer,
  methodFeature,
  noValidStreams,
  type Offer,
  offerFeatures,
  parseOffer,
} from './offer.ts'
import { type FileIdentity, identityKey, openPartialFile } from './partial-file.ts'
import type { SocketStreamOptions } from './socket-stream.ts'
import type { DialOptions } from './socks5-client.ts'

/** The features to advertise for a session that receives files. */
export const receiverFeatures: readonly string[] = [
  ...offerFeatures,
  ns.featureNegotiation,
  methodFeature('s5b'),
  methodFeature('ibb'),
]

export interface ReceiverParts {
  readonly session: Session
  /** Whether to take a file; `peer` is the sender's full JID as its server stamped it. A string says why not. */
  readonly decide: (peer: string, file: ProposedFile) => true | string | Promise<true | string>
  /** Called for every offer that is to be taken; what it returns hears what happens to that one. */
  readonly watch: () => OnTransferEvent
  /** Called for every accepted offer, before its bytes come. `done` resolves when the file is whole and named. */
  readonly onTransfer: (peer: string, done: Promise<ReceivedFile>) => void
}

export interface ProposedFile {
  /** As the sender wrote it. */
  readonly name: string
  /** In bytes; absent when the sender does not say. */
  readonly size?: number
}

export interface ReceiverOptions {
  /** The folder files go to. */
  readonly into: string
  /** Larger files are declined. Default: no limit. */
  readonly maxBytes?: number
  /** The methods we accept. Default SOCKS5 and in-band. */
  readonly methods?: readonly Method[]
  /** How long an accepted sender may take to open the stream. Default 180 000. */
  readonly streamTimeoutMs?: number
  readonly dial?: DialOptions
  readonly stream?: SocketStreamOptions
}

/** A transfer that holds its partial file. */
interface Holder {
  readonly controller: AbortController
  readonly ended: PromiseWithResolvers<void>
}

/**
 * Receives the files that are offered to a session. The answer stops it: nothing more is accepted, what is under way is
 * aborted and kept for a later resumption; it resolves when all that is done.
 */
export function startReceiver(
  { session, decide, onTransfer, watch }: ReceiverParts,
  options: ReceiverOptions,
): () => Promise<void> {
  const { into, maxBytes = Number.POSITIVE_INFINITY, methods = ['s5b', 'ibb'], streamTimeoutMs = 180_000 } = options
  const holders = new Map<string, Holder>()

  async function accept(si: Element, iq: Element): Promise<Element> {
    const peer = senderOf(iq, session)
    const offer = parseOffer(si)
    const method = offer.methods.find((each) => methods.includes(each))
    if (!method) throw noValidStreams()
    if (offer.file.size > maxBytes) throw declined(`Files of more than ${maxBytes} bytes are not taken`)
    const decision = await decide(peer, offer.file)
    if (decision !== true) throw declined(decision)
    const tell = watch()
    tell({
      event: 'offered',
      sid: offer.sid,
      name: offer.file.name,
      size: offer.file.size,
      peer,
      methods: offer.methods,
    })
    return begin(peer, offer, method, tell)
  }

  async function begin(peer: string, offer: Offer, method: Method, tell: OnTransferEvent): Promise<Element> {
    const { sid, file } = offer
    const identity = identityOf(peer, file)
    const key = identityKey(identity)
    await displace(key)
    const holder: Holder = { controller: new AbortController(), ended: Promise.withResolvers() }
    holders.set(key, holder)
    const release = () => {
      holders.delete(key)
      holder.ended.resolve()
    }
    const partial = await openPartialFile(into, identity, { resume: file.ranges }).catch((error: unknown) => {
      release()
      throw error
    })
    const done = receiveFile(
      { session, partial, tell },
      {
        sid,
        peer,
        name: file.name,
        size: file.size,
        method,
        streamTimeoutMs,
        ...options,
        signal: holder.controller.signal,
      },
    )
    done.then(release, release)
    onTransfer(peer, done)
    const answer = { method, offset: partial.offset }
    tell({ event: 'accepted', sid, ...answer })
    return formatAnswer(answer)
  }

  /**
   * A new offer of the same file by the same account takes the place of an earlier transfer: its sender knows best that
   * the earlier one is lost. What has come of it is kept, and the new one continues there.
   */
  async function displace(key: string): Promise<void> {
    for (let holder = holders.get(key); holder; holder = holders.get(key)) {
      holder.controller.abort(new Failure('taken', 'The sender made a new offer of the same file'))
      await holder.ended.promise
    }
  }

  const handlers = [refuseUnknownInBand(session), session.onIq({ type: 'set', name: 'si', namespace: ns.si }, accept)]
  return async () => {
    for (const remove of handlers) remove()
    const ending = [...holders.values()]
    for (const { controller } of ending) controller.abort(new Failure('unavailable', 'The receiver was stopped'))
    await Promise.all(ending.map(({ ended }) => ended.promise))
  }
}

function identityOf(peer: string, { name, size, date, hash }: Offer['file']): FileIdentity {
  return {
    sender: formatBareJid(parseJid(peer)),
    name,
    size,
    ...(date !== undefined && { date }),
    ...(hash !== undefined && { hash }),
  }
}
