import { Failure } from '../bytestream/failure.ts'
import type { Session } from '../xmpp/session.ts'
import type { Method, OnTransferEvent, TransferSummary } from './events.ts'
import type { FileSink } from './file-sink.ts'
import { acceptInBand, type IncomingIbb } from './ibb-receiver.ts'
import { receiveFromSocket, type SocketStreamOptions } from './socket-stream.ts'
import type { DialOptions } from './socks5-client.ts'
import type { ChooseStreamhosts } from './streamhost.ts'
import { type AcceptedBytestream, acceptBytestream } from './target.ts'

/** After SOCKS5 failed: how long the sender may take to open in band under the same id, as some clients do. */
const SAME_ID_IN_BAND_MS = 10_000

export interface IncomingParts<Kept> {
  readonly session: Session
  /** Ended here, whatever happens. */
  readonly sink: FileSink<Kept>
  readonly tell: OnTransferEvent
}

export interface IncomingOptions {
  readonly sid: string
  /** The sender's full JID. */
  readonly peer: string
  readonly name: string
  readonly size: number
  /** The method answered to the offer. */
  readonly method: Method
  readonly streamTimeoutMs: number
  readonly choose?: ChooseStreamhosts
  readonly dial?: DialOptions
  readonly stream?: SocketStreamOptions
  readonly signal: AbortSignal
}

/** A file that has come, and what was made of it. */
export type Received<Kept> = Omit<TransferSummary, 'sha256'> & Kept

/** A file that has come and is in a folder. */
export type ReceivedFile = Received<{
  /** Where it is now. */
  readonly path: string
  readonly sha256: string
}>

type Opened =
  | { readonly method: 's5b'; readonly bytestream: AcceptedBytestream }
  | { readonly method: 'ibb'; readonly stream: IncomingIbb }

/**
 * Receives the bytes of one accepted offer. Listens for its stream from the moment of the call. What has come stays for a
 * resumption when the stream breaks. Throws `unavailable` then, `over-limit` when there were more bytes than offered.
 */
export async function receiveFile<Kept>(parts: IncomingParts<Kept>, options: IncomingOptions): Promise<Received<Kept>> {
  const { sink, tell } = parts
  const { peer, name, size, signal } = options
  try {
    const opened = await openStream(parts, options)
    const streamhost = opened.method === 's5b' ? opened.bytestream.streamhost : undefined
    tell({ event: 'connected', method: opened.method, ...(streamhost && { streamhost }) })
    const chunks =
      opened.method === 'ibb'
        ? opened.stream.chunks()
        : receiveFromSocket(opened.bytestream.socket, size - sink.offset, { ...options.stream, signal })
    await storeChunks(chunks, sink, size, tell)
    return {
      name,
      size,
      peer,
      method: opened.method,
      ...(streamhost && { streamhost }),
      transferredBytes: size - sink.offset,
      ...(await sink.finish()),
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'over-limit') await sink.discard()
    else await sink.keep()
    throw error
  }
}

/** Writes the bytes of a file as they come. Throws what breaks the stream, unless all had come by then. */
export async function storeChunks(
  chunks: AsyncIterable<Buffer>,
  sink: Pick<FileSink<unknown>, 'write' | 'bytes'>,
  size: number,
  tell: OnTransferEvent,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      await sink.write(chunk)
      tell({ event: 'progress', bytes: sink.bytes, size })
    }
  } catch (error) {
    // A sender that does not end its stream properly has still sent everything.
    if (sink.bytes !== size || !(error instanceof Failure) || error.code !== 'unavailable') throw error
  }
}

async function openStream(
  { session, tell }: Pick<IncomingParts<unknown>, 'session' | 'tell'>,
  options: IncomingOptions,
): Promise<Opened> {
  const { sid, peer, method, streamTimeoutMs, choose, dial, stream, signal } = options
  const socks = new AbortController()
  const inBand = new AbortController()
  const timers = [
    setTimeout(() => {
      const late = new Failure('unavailable', `${peer} did not open the stream within ${streamTimeoutMs / 1000} s`)
      socks.abort(late)
      inBand.abort(late)
    }, streamTimeoutMs),
  ]
  const attempts: Promise<Opened>[] = [
    acceptInBand(session, {
      sid,
      peer,
      ...(stream?.idleTimeoutMs && { idleTimeoutMs: stream.idleTimeoutMs }),
      signal: AbortSignal.any([signal, inBand.signal]),
    }).then((opened) => ({ method: 'ibb', stream: opened })),
  ]
  if (method === 's5b') {
    const joined = acceptBytestream(
      { session, tell },
      {
        sid,
        requester: peer,
        ...(choose && { choose }),
        ...(dial && { dial }),
        signal: AbortSignal.any([signal, socks.signal]),
      },
    ).then((bytestream): Opened => ({ method: 's5b', bytestream }))
    joined.catch((error) => timers.push(setTimeout(() => inBand.abort(error), SAME_ID_IN_BAND_MS)))
    attempts.unshift(joined)
  }
  try {
    const opened = await Promise.any(attempts)
    const other = opened.method === 's5b' ? inBand : socks
    other.abort(new Failure('taken', 'The stream was opened another way'))
    return opened
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}
