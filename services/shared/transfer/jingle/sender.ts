import { randomUUID } from 'node:crypto'
import { messageOf } from '../../bytestream/failure.ts'
import { formatJid } from '../../bytestream/jid.ts'
import { explainStanzaError, StanzaError } from '../../xmpp/stanza-error.ts'
import { type Element, ns } from '../../xmpp/xml.ts'
import { type Method, stepEvent, type TransferSummary } from '../events.ts'
import { sendInBand } from '../ibb-sender.ts'
import type { SenderParts, SendOptions } from '../sender.ts'
import { sendOverSocket } from '../socket-stream.ts'
import type { SourceFile } from '../source-file.ts'
import type { ChooseStreamhosts } from '../streamhost.ts'
import { JingleFailure, reasonOf } from './ending.ts'
import { formatChecksum, formatDescription, parseDescription } from './file-description.ts'
import { formatInBandTransport, type InBandTransport, parseInBandTransport } from './in-band-transport.ts'
import { unsupportedInfo } from './jingle.ts'
import { JingleSession } from './jingle-session.ts'
import { openNegotiation } from './open-negotiation.ts'
import type { NegotiatedBytestream, SocksNegotiation } from './socks-negotiation.ts'
import { parseSocksTransport } from './socks-transport.ts'
import { within } from './within.ts'

const CONTENT = 'file'
const BLOCK_BYTES = 4096
const ANSWER_MS = 300_000
const STEP_MS = 60_000
const CONFIRM_MS = 180_000
const FAREWELL_MS = 5_000
const PING_MS = 10_000

/** What a transfer by Jingle takes besides the options of every other. */
export interface SendByJingleOptions extends Omit<SendOptions, 'method' | 'protocol'> {
  /** Which of the streamhosts that the receiver offers are dialled. Default all. */
  readonly choose?: ChooseStreamhosts
  /** How long the receiver may take for each step that needs no person. Default 60 000. */
  readonly stepTimeoutMs?: number
  /** How long it may take, once it has all bytes, to say so: it may have to check and to store them. Default 180 000. */
  readonly confirmTimeoutMs?: number
  /** How often it is asked meanwhile whether it is still there. Default 10 000. */
  readonly pingIntervalMs?: number
}

/** The way of the bytes that was agreed on. */
type Way =
  | { readonly method: 's5b'; readonly bytestream: NegotiatedBytestream }
  | { readonly method: 'ibb'; readonly transport: InBandTransport }

type Options = SendByJingleOptions & { readonly signal: AbortSignal }

/** Our own transport for SOCKS5, when that is among the methods. */
type Negotiation = SocksNegotiation | undefined

/** The methods that features stand for, the best first; none when there is no file transfer by Jingle. */
export function jingleMethods(features: ReadonlySet<string>): Method[] {
  if (!features.has(ns.jingle) || !features.has(ns.jingleFile)) return []
  const known = [
    ['s5b', ns.jingleSocks],
    ['ibb', ns.jingleInBand],
  ] as const
  return known.flatMap(([method, feature]) => (features.has(feature) ? [method] : []))
}

/**
 * Sends one file by Jingle to a receiver that is known to support these methods: by the first one, and falls back from
 * SOCKS5 to in-band where both are given. Resolves when the receiver has said that it has the whole file. Throws as
 * `sendFile`: an offer that is declined gives the same `StanzaError` as one by SI.
 */
export async function sendByJingle(
  parts: SenderParts,
  options: SendByJingleOptions,
  methods: readonly Method[],
): Promise<TransferSummary> {
  const { session } = parts
  const jingle = new JingleSession(
    { session },
    {
      sid: `${options.sidPrefix ?? ''}${randomUUID()}`,
      peer: options.to,
      role: 'initiator',
      content: CONTENT,
      ...(options.signal && { signal: options.signal }),
    },
  )
  const signal = options.signal ? AbortSignal.any([options.signal, jingle.signal]) : jingle.signal
  try {
    return await converse(parts, jingle, { ...options, signal }, methods)
  } catch (error) {
    await jingle.terminate(options.signal?.aborted ? { condition: 'cancel' } : reasonOf(error))
    throw error
  }
}

async function converse(
  parts: SenderParts,
  jingle: JingleSession,
  options: Options,
  methods: readonly Method[],
): Promise<TransferSummary> {
  using cleanup = new DisposableStack()
  const { tell } = parts
  const terms = { direct: true, stepTimeoutMs: STEP_MS, ...options, sid: randomUUID(), role: 'initiator' } as const
  const negotiation = methods.includes('s5b')
    ? await openNegotiation({ session: parts.session, jingle, tell: parts.tell }, terms, cleanup)
    : undefined
  const proposed = { sid: randomUUID(), blockBytes: options.blockBytes ?? BLOCK_BYTES }
  const { offset, transport } = await offer(parts, jingle, options, methods, negotiation, proposed)
  tell({ event: 'accepted', sid: jingle.sid, method: negotiation ? 's5b' : 'ibb', offset })
  const way = await agree(parts, jingle, options, methods, negotiation, transport, proposed)
  cleanup.dispose()
  return deliver(parts, jingle, options, way, offset)
}

/** Offers the file; resolves with what the receiver wants of it and its side of the transport. */
async function offer(
  { file, tell }: SenderParts,
  jingle: JingleSession,
  { to, description, answerTimeoutMs = ANSWER_MS, signal }: Options,
  methods: readonly Method[],
  negotiation: Negotiation,
  proposed: InBandTransport,
): Promise<{ offset: number; transport: Element | undefined }> {
  const { name, size, date, mediaType, knownSha256 } = file
  const answered = jingle.next(['session-accept'], signal)
  answered.catch(() => {})
  // What the receiver wants to replace before it has accepted, or instead of us, it does not get.
  jingle.on('transport-replace', ({ contents: [content] }) => {
    const transport = content?.transport
    setImmediate(() => jingle.send('transport-reject', transport ? { transport } : {}).catch(() => {}))
  })
  tell({ event: 'offered', protocol: 'jingle', sid: jingle.sid, name, size, peer: to, methods })
  await jingle
    .send('session-initiate', {
      description: formatDescription({
        name,
        size,
        date,
        mediaType: mediaType ?? 'application/octet-stream',
        range: { offset: 0 },
        ...(description && { description }),
        ...(knownSha256 ? { sha256: knownSha256 } : { sumFollows: true }),
      }),
      transport: negotiation ? negotiation.transport : formatInBandTransport(proposed),
    })
    .catch((error: unknown) => {
      throw explainStanzaError(error, `${to} did not take ${name}`)
    })
  const { contents } = await within(answered, answerTimeoutMs, `${to} did not answer the offer`, signal)
  const { description: wanted, transport } = contents[0] ?? {}
  const { offset, length } = (wanted && parseDescription(wanted)?.range) ?? { offset: 0 }
  if (offset > size || (length !== undefined && offset + length !== size)) {
    const what = `${length ?? 'all'} bytes from ${offset} of ${size}`
    throw new JingleFailure('malformed', `${to} asks for ${what}`, 'incompatible-parameters')
  }
  return { offset, transport }
}

async function agree(
  { tell }: SenderParts,
  jingle: JingleSession,
  { stepTimeoutMs = STEP_MS, signal }: Options,
  methods: readonly Method[],
  negotiation: Negotiation,
  transport: Element | undefined,
  proposed: InBandTransport,
): Promise<Way> {
  if (!negotiation) return { method: 'ibb', transport: agreed(jingle.peer, transport, proposed) }
  try {
    const theirs = transport && parseSocksTransport(transport)
    if (theirs?.sid !== negotiation.sid || !theirs) {
      throw new JingleFailure('malformed', `${jingle.peer} accepted another transport`, 'failed-transport')
    }
    return { method: 's5b', bytestream: await negotiation.connect(theirs, signal) }
  } catch (error) {
    signal.throwIfAborted()
    const reason = messageOf(error)
    if (!methods.includes('ibb')) throw new JingleFailure('unavailable', reason, 'connectivity-error', error)
    tell({ event: 'fallback', from: 's5b', to: 'ibb', reason })
  }
  const answered = jingle.next(['transport-accept', 'transport-reject'], signal)
  answered.catch(() => {})
  await jingle.send('transport-replace', { transport: formatInBandTransport(proposed) })
  const late = `${jingle.peer} did not answer to in-band`
  const { action, contents } = await within(answered, stepTimeoutMs, late, signal)
  if (action === 'transport-reject') {
    throw new JingleFailure('unavailable', `${jingle.peer} does not take the file in band either`, 'failed-transport')
  }
  return { method: 'ibb', transport: agreed(jingle.peer, contents[0]?.transport, proposed) }
}

/** The in-band stream as the receiver took it: the same, or in smaller blocks. */
function agreed(peer: string, transport: Element | undefined, proposed: InBandTransport): InBandTransport {
  const theirs = transport && parseInBandTransport(transport)
  if (theirs?.sid !== proposed.sid || !theirs) {
    throw new JingleFailure('malformed', `${peer} accepted another transport`, 'failed-transport')
  }
  return { sid: proposed.sid, blockBytes: Math.min(theirs.blockBytes, proposed.blockBytes) }
}

async function deliver(
  { session, file, tell }: SenderParts,
  jingle: JingleSession,
  { to, stream, confirmTimeoutMs = CONFIRM_MS, pingIntervalMs = PING_MS, signal }: Options,
  way: Way,
  offset: number,
): Promise<TransferSummary> {
  let bytes = offset
  let confirmed = false
  const onSent = (length: number) => {
    bytes += length
    tell({ event: 'progress', bytes, size: file.size })
  }
  const success = jingle.success()
  const confirmation = Promise.race([success, untilReceived(jingle)]).then(() => {
    confirmed = true
  })
  const { method } = way
  const joined = way.method === 's5b' && { streamhost: way.bytestream.streamhost }
  tell({ event: 'connected', method, ...joined, ...(joined && { direct: way.bytestream.direct }) })
  try {
    if (way.method === 's5b') {
      tell(stepEvent(15, formatJid(session.jid), to, `${file.size - offset} bytes`))
      await sendOverSocket(way.bytestream.socket, withSum(jingle, file, offset), onSent, { ...stream, signal })
    } else {
      const { sid, blockBytes } = way.transport
      const chunks = (size: number) => withSum(jingle, file, offset, size)
      await sendInBand(session, chunks, onSent, { sid, peer: to, blockBytes, signal })
    }
  } catch (error) {
    // Some receivers close everything as soon as they have the last byte, and ours may not have been heard out.
    if (!confirmed || bytes < file.size) throw error
  }
  using _watch = jingle.watchPeer(pingIntervalMs)
  await within(confirmation, confirmTimeoutMs, `${to} did not say that it has ${file.name}`, signal)
  await within(success, FAREWELL_MS, '', signal).catch(() => jingle.terminate({ condition: 'success' }))
  return {
    name: file.name,
    size: file.size,
    peer: to,
    method,
    ...joined,
    transferredBytes: bytes - offset,
    sha256: file.sha256(),
  }
}

/** The bytes from `offset`; before their end is seen, the receiver is told the sum that it was promised. */
async function* withSum(
  jingle: JingleSession,
  file: SourceFile,
  offset: number,
  chunkBytes?: number,
): AsyncGenerator<Buffer, void> {
  yield* file.chunks(offset, chunkBytes)
  if (file.knownSha256 !== undefined) return
  const told = jingle.send('session-info', { info: formatChecksum(jingle.content, file.sha256()) })
  // It may have no use for it, or be done already.
  const heard = told.catch((error: unknown) => {
    if (!(error instanceof StanzaError)) throw error
  })
  await Promise.race([heard, jingle.success()])
}

function untilReceived(jingle: JingleSession): Promise<void> {
  return new Promise((resolve) => {
    jingle.on('session-info', ({ info }) => {
      if (!info?.is('received', ns.jingleFile)) throw unsupportedInfo()
      setImmediate(resolve)
    })
  })
}
