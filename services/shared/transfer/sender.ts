import { randomUUID } from 'node:crypto'
import { Failure, messageOf } from '../bytestream/failure.ts'
import { formatJid } from '../bytestream/jid.ts'
import { discoverInfo } from '../xmpp/discovery.ts'
import type { Session } from '../xmpp/session.ts'
import { explainStanzaError } from '../xmpp/stanza-error.ts'
import { ns, xml } from '../xmpp/xml.ts'
import { type Method, type OnTransferEvent, stepEvent, type TransferSummary } from './events.ts'
import { sendInBand } from './ibb-sender.ts'
import { jingleMethods, sendByJingle } from './jingle/sender.ts'
import { formatOffer, methodFeature, type Offer, type OfferAnswer, offerFeatures, parseAnswer } from './offer.ts'
import { sendOutOfBand } from './oob-sender.ts'
import { discoverProxies } from './proxies.ts'
import { type RequestedBytestream, requestBytestream } from './requester.ts'
import { type SocketStreamOptions, sendOverSocket } from './socket-stream.ts'
import type { DialOptions } from './socks5-client.ts'
import { openDirectHost } from './socks5-host.ts'
import type { SourceFile } from './source-file.ts'

export interface SenderParts {
  readonly session: Session
  /** Read to its end; the caller closes it. */
  readonly file: SourceFile
  readonly tell: OnTransferEvent
}

export interface SendOptions {
  /** The receiver's full JID. */
  readonly to: string
  /** `auto` is Jingle where the receiver has it, else SI. Default `auto`. */
  readonly protocol?: 'auto' | 'jingle' | 'si'
  /** `auto` takes the best both ends support and falls back from SOCKS5 to in-band. Default `auto`. */
  readonly method?: Method | 'auto'
  /** JIDs of the proxies to use; left out: those our own server lists. */
  readonly proxies?: readonly string[]
  /** Whether to offer our own addresses: every one, none, or these. Default every one. */
  readonly direct?: boolean | readonly string[]
  readonly description?: string
  /** Begins the SID of every offer, so that a receiver can tell a repeat; what follows cannot be guessed. */
  readonly sidPrefix?: string
  /** Size of an in-band block before base64. */
  readonly blockBytes?: number
  /** How long the receiver may think about the offer. Default 300 000: a person may be asked. */
  readonly answerTimeoutMs?: number
  readonly dial?: DialOptions
  readonly stream?: SocketStreamOptions
  readonly signal?: AbortSignal
}

/**
 * Sends one file, by Jingle where the receiver has it and by SI otherwise. Throws a `StanzaError` that the receiver, its server or the proxy answered, a `DialFailure`, or a
 * `Failure`: `not-found` when the receiver has no method in common with us, `unavailable` when the stream breaks.
 */
export async function sendFile(parts: SenderParts, options: SendOptions): Promise<TransferSummary> {
  const { session, tell } = parts
  const own = formatJid(session.jid)
  tell(stepEvent(1, own, options.to))
  const { features } = await discoverInfo(session, options.to, {
    ...(options.signal && { signal: options.signal }),
  }).catch((error: unknown) => {
    throw explainStanzaError(error, `${options.to} is not online, or does not answer strangers`)
  })
  tell(stepEvent(2, options.to, own, [...features].join(' ')))
  const { method = 'auto', protocol = 'auto' } = options
  const byJingle = jingleMethods(features).filter((each) => method === 'auto' || method === each)
  if (protocol !== 'si' && byJingle.length > 0) return sendByJingle(parts, options, byJingle)
  if (protocol === 'jingle') {
    throw new Failure('not-found', `${options.to} does not support ${wanted(method)} by Jingle`)
  }
  const methods = chooseMethods(features, options)
  if (methods[0] === 'oob') return sendOutOfBand(parts, { ...options, asIq: features.has(ns.oobIq) })
  return sendByOffer(parts, options, methods)
}

/**
 * Sends one file by SI to a receiver that is known to support these methods: by the first one, and falls back from SOCKS5
 * to in-band where both are given. Throws as `sendFile`.
 */
export async function sendByOffer(
  parts: SenderParts,
  options: Omit<SendOptions, 'method' | 'protocol'>,
  methods: readonly Method[],
): Promise<TransferSummary> {
  const { session, tell } = parts
  const proxies = methods.includes('s5b')
    ? (options.proxies ?? (await discoverProxies(session, tell, options.signal)))
    : []
  const answer = await offer(parts, options, methods)
  if (answer.method === 'ibb') return sendAccepted(parts, options, answer)
  let bytestream: RequestedBytestream
  try {
    bytestream = await connect(parts, options, answer.sid, proxies)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!methods.includes('ibb')) throw error
    const reason = messageOf(error)
    tell({ event: 'fallback', from: 's5b', to: 'ibb', reason })
    // XEP-0095 knows no second choice within an offer: a new one, with a new id.
    return sendAccepted(parts, options, await offer(parts, options, ['ibb']))
  }
  return sendAccepted(parts, options, answer, bytestream)
}

/** What both ends can do, in order of preference; `oob` only ever alone. Throws `not-found` when that is nothing. */
function chooseMethods(features: ReadonlySet<string>, { method = 'auto', to }: SendOptions): Method[] {
  const negotiates = offerFeatures.every((feature) => features.has(feature))
  const supported = (['s5b', 'ibb'] as const).filter((each) => negotiates && features.has(methodFeature(each)))
  const candidates: Method[] = supported.length > 0 ? supported : features.has(ns.oobIq) ? ['oob'] : []
  if (method === 'oob' && (features.has(ns.oobIq) || features.has(ns.oobMessage))) return ['oob']
  const chosen = method === 'auto' ? candidates : candidates.filter((each) => each === method)
  if (chosen.length > 0) return chosen
  throw new Failure('not-found', `${to} does not support ${wanted(method)}`)
}

function wanted(method: Method | 'auto'): string {
  return method === 'auto' ? 'any file transfer we know' : `file transfer over ${method}`
}

type Accepted = OfferAnswer & { readonly sid: string }

async function offer(
  { session, file, tell }: SenderParts,
  { to, description, sidPrefix = '', answerTimeoutMs = 300_000, signal }: SendOptions,
  methods: readonly Method[],
): Promise<Accepted> {
  const sid = `${sidPrefix}${randomUUID()}`
  const { name, size, date, mediaType } = file
  const offered = {
    name,
    size,
    date,
    ranges: true,
    ...(mediaType && { mediaType }),
    ...(description && { description }),
  }
  const made: Offer = { sid, methods, file: offered }
  tell({ event: 'offered', protocol: 'si', sid, name, size, peer: to, methods })
  const result = await session
    .request(xml('iq', { type: 'set', to }, formatOffer(made)), {
      timeoutMs: answerTimeoutMs,
      ...(signal && { signal }),
    })
    .catch((error: unknown) => {
      throw explainStanzaError(error, `${to} did not take ${name}`)
    })
  const answer = parseAnswer(result, made)
  tell({ event: 'accepted', sid, ...answer })
  return { ...answer, sid }
}

async function connect(
  { session, tell }: SenderParts,
  { to, direct = true, dial, signal }: SendOptions,
  sid: string,
  proxies: readonly string[],
): Promise<RequestedBytestream> {
  const directHost = direct === false ? undefined : await openDirectHost(direct === true ? undefined : direct)
  try {
    return await requestBytestream(
      { session, tell, ...(directHost && { directHost }) },
      { sid, target: to, proxies, ...(dial && { dial }), ...(signal && { signal }) },
    )
  } finally {
    directHost?.close()
  }
}

async function sendAccepted(
  { session, file, tell }: SenderParts,
  { to, blockBytes, stream, signal }: SendOptions,
  { sid, offset }: Accepted,
  bytestream?: RequestedBytestream,
): Promise<TransferSummary> {
  let bytes = offset
  const onSent = (length: number) => {
    bytes += length
    tell({ event: 'progress', bytes, size: file.size })
  }
  const method = bytestream ? 's5b' : 'ibb'
  if (bytestream) {
    const { socket, streamhost, direct } = bytestream
    tell({ event: 'connected', method, streamhost, direct })
    tell(stepEvent(15, formatJid(session.jid), to, `${file.size - offset} bytes`))
    await sendOverSocket(socket, file.chunks(offset), onSent, { ...stream, ...(signal && { signal }) })
  } else {
    tell({ event: 'connected', method })
    await sendInBand(session, (size) => file.chunks(offset, size), onSent, {
      sid,
      peer: to,
      ...(blockBytes && { blockBytes }),
      ...(signal && { signal }),
    })
  }
  return {
    name: file.name,
    size: file.size,
    peer: to,
    method,
    ...(bytestream && { streamhost: bytestream.streamhost }),
    transferredBytes: bytes - offset,
    sha256: file.sha256(),
  }
}
