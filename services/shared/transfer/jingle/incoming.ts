import { Failure, messageOf } from '../../bytestream/failure.ts'
import type { Session } from '../../xmpp/session.ts'
import type { Element } from '../../xmpp/xml.ts'
import type { Method, OnTransferEvent } from '../events.ts'
import type { FileSink } from '../file-sink.ts'
import { acceptInBand } from '../ibb-receiver.ts'
import { type Received, storeChunks } from '../incoming.ts'
import { receiveFromSocket, type SocketStreamOptions } from '../socket-stream.ts'
import type { DialOptions } from '../socks5-client.ts'
import type { ChooseStreamhosts, Streamhost } from '../streamhost.ts'
import { JingleFailure, reasonOf } from './ending.ts'
import { formatDescription, formatReceived, parseChecksum } from './file-description.ts'
import { formatInBandTransport, type InBandTransport, parseInBandTransport } from './in-band-transport.ts'
import { type Jingle, unsupportedInfo } from './jingle.ts'
import type { JingleSession } from './jingle-session.ts'
import type { DescribedOffer, OfferedTransport } from './offer.ts'
import { openNegotiation } from './open-negotiation.ts'
import { within } from './within.ts'

const STEP_MS = 60_000
const CHECKSUM_MS = 3_000

export interface IncomingParts<Kept> {
  readonly session: Session
  readonly jingle: JingleSession
  /** Ended here, whatever happens. */
  readonly sink: FileSink<Kept>
  readonly tell: OnTransferEvent
}

export interface IncomingOptions {
  /** JIDs of the proxies to offer; left out: those our own server lists. */
  readonly proxies?: readonly string[]
  /** Whether to offer our own addresses: every one, none, or these. Default none. */
  readonly direct?: boolean | readonly string[]
  /** Which of the streamhosts that a sender offers are dialled. Default all. */
  readonly choose?: ChooseStreamhosts
  /** How long the sender may take for each step. Default 60 000. */
  readonly stepTimeoutMs?: number
  /** How long a promised sum may take after the last byte; then the file is taken without. Default 3 000. */
  readonly checksumTimeoutMs?: number
  /** The largest in-band block we take, before base64. Default the largest there is. */
  readonly maxBlockBytes?: number
  readonly dial?: DialOptions
  readonly stream?: SocketStreamOptions
  readonly signal: AbortSignal
}

/** The bytes, and the way they come. */
interface Arriving {
  readonly method: Method
  readonly streamhost?: Streamhost
  readonly chunks: AsyncIterable<Buffer>
}

/**
 * Accepts an offer and receives its file. The sender is told of success only after the sink has finished. What has come
 * stays for a resumption when the stream breaks. Throws `unavailable` then, `over-limit` when there were more bytes than
 * offered, `malformed` when they are not those of the sum that was told; the session has ended by then.
 */
export async function receiveByJingle<Kept>(
  parts: IncomingParts<Kept>,
  { file, transport }: { readonly file: DescribedOffer; readonly transport: OfferedTransport },
  options: IncomingOptions,
): Promise<Received<Kept>> {
  const { jingle, sink, tell } = parts
  const { checksumTimeoutMs = CHECKSUM_MS, signal } = options
  let whole = false
  try {
    const { chunks, ...way } = await accept(parts, file, transport, options)
    tell({ event: 'connected', ...way })
    // Its own success may reach us before the last bytes do.
    void jingle.success()
    const checksum = heardChecksum(jingle)
    await storeChunks(chunks, sink, file.size, tell)
    whole = true
    // It follows the last byte, or is forgotten.
    const told = file.sumFollows && within(checksum, checksumTimeoutMs, '', signal).catch(() => undefined)
    const result = await sink.finish(file.sha256 ?? (await (told || undefined)))
    await confirm(jingle)
    const { name, size } = file
    return { name, size, peer: jingle.peer, ...way, transferredBytes: size - sink.offset, ...result }
  } catch (error) {
    const wrong = error instanceof Failure && (error.code === 'over-limit' || (whole && error.code === 'malformed'))
    await (wrong ? sink.discard() : sink.keep())
    await jingle.terminate(reasonOf(error))
    throw error
  }
}

/** Accepts the session and waits until bytes can come, by the transport offered or by the one that replaces it. */
async function accept<Kept>(
  parts: IncomingParts<Kept>,
  file: DescribedOffer,
  transport: OfferedTransport,
  options: IncomingOptions,
): Promise<Arriving> {
  const { jingle, sink, tell } = parts
  const { offset } = sink
  const { method } = transport
  const description = formatDescription({ ...file, ...(offset > 0 ? { range: { offset } } : {}) })
  const accepted = () => tell({ event: 'accepted', sid: jingle.sid, method, offset })
  if (transport.method === 'ibb') {
    return openInBand(parts, transport.inBand, options, async (agreed) => {
      await jingle.send('session-accept', { description, transport: agreed })
      accepted()
    })
  }
  using cleanup = new DisposableStack()
  const { sid, candidates: offered } = transport.socks
  const terms = { direct: false, stepTimeoutMs: STEP_MS, ...options, sid, role: 'responder', offered } as const
  const negotiation = await openNegotiation(parts, terms, cleanup)
  const over = new AbortController()
  cleanup.defer(() => over.abort(new Failure('taken', 'The bytestream was opened another way')))
  const signal = AbortSignal.any([options.signal, over.signal])
  const replaced = jingle.next(['transport-replace'], signal)
  replaced.catch(() => {})
  await jingle.send('session-accept', { description, transport: negotiation.transport })
  accepted()
  const connected = negotiation.connect(transport.socks, signal)
  const { stepTimeoutMs = STEP_MS } = options
  const outcome = await Promise.race([
    replaced,
    connected.catch((error: unknown) => {
      const late = `${messageOf(error)}, and ${jingle.peer} proposed nothing else`
      return within(replaced, stepTimeoutMs, late, signal)
    }),
  ])
  if ('socket' in outcome) {
    const { socket, streamhost } = outcome
    const chunks = receiveFromSocket(socket, file.size - offset, { ...options.stream, signal: options.signal })
    return { method: 's5b', streamhost, chunks }
  }
  // The sender may have given up before we did.
  connected.then(
    ({ socket }) => socket.destroy(),
    () => {},
  )
  tell({ event: 'fallback', from: 's5b', to: 'ibb', reason: `${jingle.peer} proposed it` })
  return replace(parts, outcome, options)
}

/** Takes the in-band transport that replaces the other one; any other is rejected. */
async function replace<Kept>(
  parts: IncomingParts<Kept>,
  { contents: [content] }: Jingle,
  options: IncomingOptions,
): Promise<Arriving> {
  const { jingle } = parts
  const transport = content?.transport
  const proposed = transport && parseInBandTransport(transport)
  if (!proposed) {
    await jingle.send('transport-reject', transport ? { transport } : {})
    throw new JingleFailure('unavailable', `${jingle.peer} proposed a transport not known`, 'unsupported-transports')
  }
  return openInBand(parts, proposed, options, (agreed) => jingle.send('transport-accept', { transport: agreed }))
}

/** Listens for the in-band stream, then agrees to it, then waits until the sender opens it. */
async function openInBand<Kept>(
  { session, jingle }: IncomingParts<Kept>,
  { sid, blockBytes }: InBandTransport,
  { maxBlockBytes = blockBytes, stepTimeoutMs = STEP_MS, stream, signal }: IncomingOptions,
  agree: (transport: Element) => Promise<void>,
): Promise<Arriving> {
  const agreed = { sid, blockBytes: Math.min(blockBytes, maxBlockBytes) }
  const given = new AbortController()
  const opened = acceptInBand(session, {
    sid,
    peer: jingle.peer,
    maxBlockBytes: agreed.blockBytes,
    ...(stream?.idleTimeoutMs && { idleTimeoutMs: stream.idleTimeoutMs }),
    signal: AbortSignal.any([signal, given.signal]),
  })
  opened.catch(() => {})
  try {
    await agree(formatInBandTransport(agreed))
    const late = `${jingle.peer} did not open the in-band stream`
    const { chunks } = await within(opened, stepTimeoutMs, late, signal)
    return { method: 'ibb', chunks: chunks() }
  } catch (error) {
    given.abort(error)
    throw error
  }
}

/** Tells the sender that its file is here. It has arrived even if the sender cannot be told any more. */
async function confirm(jingle: JingleSession): Promise<void> {
  const received = { info: formatReceived(jingle.content) }
  await jingle.send('session-info', received).catch(() => {})
  await jingle.terminate({ condition: 'success' })
}

/** The sum that the sender tells once it knows it. */
function heardChecksum(jingle: JingleSession): Promise<string> {
  return new Promise((resolve) => {
    jingle.on('session-info', ({ info }) => {
      const sha256 = info && parseChecksum(info)
      if (sha256 === undefined) throw unsupportedInfo()
      resolve(sha256)
    })
  })
}
