import { once } from 'node:events'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { asFailure, Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Records } from '../records/records.ts'
import type { VerifiedBlob } from '../store/verified-blob.ts'
import { type ByteRange, readRange } from './byte-range.ts'
import { evaluateConditions, rangeHolds } from './conditions.ts'
import { contentDisposition } from './content-disposition.ts'
import type { Coverage } from './coverage.ts'
import { HttpRefusal } from './http-refusal.ts'
import { isPicture, servedType } from './media-type.ts'
import { Pace } from './pace.ts'

export interface DownloadParts {
  readonly records: Pick<Records, 'noteDownload'>
  /** Opens the bytes of a stored parcel: no byte comes that was not verified. */
  readonly open: (parcel: Parcel) => Promise<VerifiedBlob>
  readonly coverage: Coverage
  readonly clock: Clock
  readonly events: {
    downloadEnded(ended: DownloadEnded): void
    /** All bytes were read, and the records were not told. */
    downloadUncounted(parcel: Parcel, error: unknown): void
  }
}

export interface DownloadOptions {
  /** Complete downloads after which a link ends; 0: no limit. */
  readonly linkDownloads: number
  readonly httpStallMs: number
}

/** One request that was sent bytes. */
export interface DownloadEnded {
  /** `complete`: with this request all of the file was read. `part`: all that was asked for. */
  readonly outcome: 'complete' | 'part' | 'broken'
  readonly parcel: Parcel
  readonly bytes: number
  readonly durationMs: number
  /** Of one that broke. */
  readonly reason?: string
}

/** What leaves the process at once: small enough that whoever stops reading is noticed. */
const chunkBytes = 64 * 1024

/**
 * Answers a GET or HEAD for the bytes of a stored parcel (RFC 9110 §13, §14): conditions, one range, attachment unless the
 * page shows it. A download is complete when every byte of the file was handed to connections that stood, in one request
 * or in several; then it counts. Where downloads are limited it counts just before its last bytes leave, so that of two
 * that run at once only as many end as may.
 */
export async function sendDownload(
  parts: DownloadParts,
  { linkDownloads, httpStallMs }: DownloadOptions,
  {
    request,
    response,
    parcel,
    preview,
  }: { request: IncomingMessage; response: ServerResponse; parcel: Parcel; preview: boolean },
): Promise<void> {
  const { size, sha256 = '', storedAt = parcel.offeredAt } = parcel
  const validators = { etag: `"${sha256}"`, lastModified: storedAt }
  const common: OutgoingHttpHeaders = {
    etag: validators.etag,
    'last-modified': storedAt.toUTCString(),
    // Asked for again every time: it may be gone.
    'cache-control': 'private, no-cache',
    vary: 'Accept',
  }
  const { headers, method } = request
  const condition = evaluateConditions(headers, validators)
  if (condition === 412) throw new HttpRefusal(412, 'The file is another one', common)
  if (condition === 304) {
    response.writeHead(304, common).end()
    return
  }
  const asked = method === 'GET' && rangeHolds(headers, validators) ? readRange(headers.range, size) : undefined
  if (asked === 'unsatisfiable') {
    throw new HttpRefusal(416, `The file has ${size} bytes`, { ...common, 'content-range': `bytes */${size}` })
  }
  const range = asked ?? { start: 0, end: size }
  const shown = preview && linkDownloads === 0 && isPicture(parcel.mediaType)
  const head: OutgoingHttpHeaders = {
    ...common,
    'accept-ranges': 'bytes',
    'content-type': servedType(parcel.mediaType),
    'content-length': range.end - range.start,
    'content-disposition': contentDisposition(shown ? 'inline' : 'attachment', parcel.name),
    ...(asked && { 'content-range': `bytes ${asked.start}-${asked.end - 1}/${size}` }),
  }
  const status = asked ? 206 : 200
  if (method === 'HEAD') {
    response.writeHead(status, head).end()
    return
  }
  // What the page shows is not what somebody took.
  const tally = shown ? undefined : new Tally(parts, { parcel, range, linkDownloads })
  await send(parts, { response, parcel, range, tally, status, head, stallMs: httpStallMs })
}

interface Sending {
  readonly response: ServerResponse
  readonly parcel: Parcel
  readonly range: ByteRange
  readonly tally: Tally | undefined
  readonly status: number
  readonly head: OutgoingHttpHeaders
  readonly stallMs: number
}

async function send(parts: DownloadParts, sending: Sending): Promise<void> {
  const { clock, events } = parts
  const { response, parcel, range, tally, status, head, stallMs } = sending
  const startedMs = clock.now()
  let left = range.end - range.start
  const ended = (outcome: DownloadEnded['outcome'], error?: unknown) =>
    events.downloadEnded({
      outcome,
      parcel,
      bytes: range.end - range.start - left,
      durationMs: clock.now() - startedMs,
      ...(error !== undefined && { reason: asFailure(error, 'The download failed').message }),
    })
  const gone = new AbortController()
  response.once('close', () => gone.abort(new Failure('unavailable', 'The reader left')))
  const pace = new Pace({ clock }, stallMs, () => {
    gone.abort(new Failure('unavailable', 'The reader was too slow'))
    response.destroy()
  })
  let blocks: AsyncIterator<Buffer> | undefined
  try {
    blocks = (await pace.excuse(parts.open(parcel))).read(range)[Symbol.asyncIterator]()
    // Nothing is said before the first block was found to be right.
    let block = left > 0 ? await pace.excuse(blocks.next()) : undefined
    while (block && !block.done) {
      for (const chunk of chunksOf(block.value)) {
        gone.signal.throwIfAborted()
        if (chunk.length === left) await tally?.beforeEnd()
        if (!response.headersSent) response.writeHead(status, head)
        if (!response.write(chunk)) await once(response, 'drain', { signal: gone.signal })
        left -= chunk.length
        pace.moved(chunk.length)
      }
      block = await pace.excuse(blocks.next())
    }
    if (!response.headersSent) response.writeHead(status, head)
    const finished = once(response, 'finish', { signal: gone.signal })
    response.end()
    await finished
  } catch (error) {
    const reason = gone.signal.aborted ? gone.signal.reason : error
    ended('broken', reason)
    if (!response.headersSent) throw reason
    // The length that was announced tells the reader that this is not all.
    response.destroy()
    return
  } finally {
    pace.stop()
    await blocks?.return?.()
  }
  ended((await tally?.end()) ? 'complete' : 'part')
}

/** Counts one download when it is complete. */
class Tally {
  readonly #parts: DownloadParts
  readonly #parcel: Parcel
  readonly #range: ByteRange
  readonly #linkDownloads: number
  #counted = false

  constructor(
    parts: DownloadParts,
    { parcel, range, linkDownloads }: { parcel: Parcel; range: ByteRange; linkDownloads: number },
  ) {
    this.#parts = parts
    this.#parcel = parcel
    this.#range = range
    this.#linkDownloads = linkDownloads
  }

  /** The last bytes that were asked for are about to leave. Throws when the link was used up meanwhile. */
  async beforeEnd(): Promise<void> {
    if (this.#linkDownloads === 0 || !this.#completes()) return
    if (!(await this.#parts.records.noteDownload(this.#parcel.id, this.#linkDownloads))) {
      throw new HttpRefusal(410, 'The file is no longer here')
    }
    this.#counted = true
  }

  /** They have left. Whether with them the whole was read. */
  async end(): Promise<boolean> {
    const { records, coverage, events } = this.#parts
    const completes = this.#counted || this.#completes()
    coverage.add(this.#parcel.id, this.#range, this.#parcel.size)
    if (!completes || this.#counted) return completes
    // The reader has the file: that nobody could be told so changes nothing for him.
    await records
      .noteDownload(this.#parcel.id, this.#linkDownloads)
      .catch((error: unknown) => events.downloadUncounted(this.#parcel, error))
    return true
  }

  #completes(): boolean {
    return this.#parts.coverage.completes(this.#parcel.id, this.#range, this.#parcel.size)
  }
}

function* chunksOf(block: Buffer): Generator<Buffer> {
  for (let at = 0; at < block.length; at += chunkBytes) yield block.subarray(at, at + chunkBytes)
}
