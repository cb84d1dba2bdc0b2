import type { IncomingMessage, ServerResponse } from 'node:http'
import { asFailure, Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { wholeNumber } from '../../shared/xmpp/xml.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { IncomingParcel, Reception } from '../parcels/reception.ts'
import type { Records } from '../records/records.ts'
import { type ContentRange, readContentRange } from './byte-range.ts'
import { HttpRefusal } from './http-refusal.ts'
import { linkOf } from './link.ts'
import { essenceOf } from './media-type.ts'
import { Pace } from './pace.ts'
import { readSlot, type SlotGrant, type SlotSecret } from './slot-token.ts'

export interface UploadParts {
  readonly reception: Reception
  readonly records: Pick<Records, 'findByLink'>
  readonly clock: Clock
  /** Milliseconds since 1970, about the same on all replicas. */
  readonly now?: () => number
  readonly events: { uploadEnded(ended: UploadEnded): void }
}

export interface UploadOptions extends SlotSecret {
  readonly publicUrl: string
  readonly httpStallMs: number
}

/** One request that sent bytes into a slot. */
export interface UploadEnded {
  /** `stored`: all is there. `part`: what was announced came, and more is to come. `broken`: it can be resumed. */
  readonly outcome: 'stored' | 'part' | 'broken' | 'refused'
  readonly parcel: Parcel
  /** That this request brought. */
  readonly bytes: number
  readonly durationMs: number
  /** Absent when it was stored. */
  readonly reason?: string
}

/**
 * PUT into a slot (XEP-0363 §6): all bytes at once, or from where an earlier PUT broke, by Content-Range (RFC 9110 §14.5).
 * 201 says that all is durable and committed; 204 that what was announced came and more is awaited. A slot takes one
 * file, once.
 */
export async function receiveUpload(
  parts: UploadParts,
  options: UploadOptions,
  { request, response, linkKey }: { request: IncomingMessage; response: ServerResponse; linkKey: string },
): Promise<void> {
  const { now = Date.now, clock, events } = parts
  const grant = demandGrant(request, linkKey, options)
  const body = announcedBody(request, grant)
  const parcel = await openSlot(parts, grant)
  const incoming = await acceptInto(parts, parcel, grant, { resume: body.range !== undefined })
  // A slot is short-lived; an upload that began in its time may be resumed as long as any broken transfer.
  const refusal =
    incoming.offset !== (body.range?.start ?? 0)
      ? new HttpRefusal(409, `The next byte is ${incoming.offset}`, offsetHeaders(incoming.offset, grant))
      : incoming.offset === 0 && now() > grant.expiresAtMs
        ? new HttpRefusal(403, 'The slot has expired')
        : undefined
  if (refusal) {
    await incoming.keep()
    throw refusal
  }
  const startedMs = clock.now()
  const ended = (outcome: UploadEnded['outcome'], error?: unknown) =>
    events.uploadEnded({
      outcome,
      parcel,
      bytes: incoming.bytes - incoming.offset,
      durationMs: clock.now() - startedMs,
      ...(error !== undefined && { reason: asFailure(error, 'The upload failed').message }),
    })
  try {
    if (request.headers.expect !== undefined) response.writeContinue()
    await takeBody(parts, incoming, body, { request, stallMs: options.httpStallMs })
    if (incoming.bytes < grant.size) {
      const { bytes } = incoming
      await incoming.keep()
      ended('part')
      response.writeHead(204, offsetHeaders(bytes, grant)).end()
      return
    }
    await incoming.finish()
  } catch (error) {
    const broken = error instanceof Failure && (error.code === 'unavailable' || error.code === 'taken')
    await (broken ? incoming.keep() : incoming.discard())
    ended(broken ? 'broken' : 'refused', error)
    throw error
  }
  ended('stored')
  response.writeHead(201, { location: linkOf(parcel, options.publicUrl), 'content-length': 0 }).end()
}

/** Tells whoever has the slot's token how many bytes are there: HEAD with its Authorization. */
export async function tellOffset(
  parts: UploadParts,
  options: UploadOptions,
  { request, response, linkKey }: { request: IncomingMessage; response: ServerResponse; linkKey: string },
): Promise<void> {
  const grant = demandGrant(request, linkKey, options)
  const parcel = await parts.records.findByLink(linkKey)
  let offset = grant.size
  if (parcel?.state !== 'stored') {
    const incoming = await acceptInto(parts, await openSlot(parts, grant), grant, { resume: true })
    offset = incoming.offset
    await incoming.keep()
  }
  response.writeHead(204, { ...offsetHeaders(offset, grant), 'cache-control': 'no-store' }).end()
}

function demandGrant(request: IncomingMessage, linkKey: string, options: SlotSecret): SlotGrant {
  const [, token] = /^Bearer +([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined)
    throw new HttpRefusal(401, 'An upload needs its slot’s token', { 'www-authenticate': 'Bearer' })
  const grant = readSlot(token, options)
  if (grant?.linkKey !== linkKey) throw new HttpRefusal(403, 'The token is not for this')
  return grant
}

interface Body {
  /** Absent: all of the file. */
  readonly range?: ContentRange
  /** That it must have. */
  readonly bytes: number
}

/** What the headers say is coming. Throws unless it is what the slot is for. */
function announcedBody({ headers }: IncomingMessage, { size, mediaType }: SlotGrant): Body {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpRefusal(415, 'Files are taken as they are, without an encoding', { 'accept-encoding': 'identity' })
  }
  const type = headers['content-type']
  if (mediaType !== undefined && type !== undefined && essenceOf(type) !== mediaType) {
    throw new HttpRefusal(415, `The slot is for ${mediaType}`)
  }
  const range = headers['content-range'] === undefined ? undefined : readContentRange(headers['content-range'])
  if (headers['content-range'] !== undefined && range?.size !== size) {
    throw new HttpRefusal(416, `A Content-Range lies within ${size} bytes`, { 'content-range': `bytes */${size}` })
  }
  const bytes = range ? range.end - range.start : size
  if (headers['content-length'] === undefined) {
    if (headers['transfer-encoding'] === undefined) throw new HttpRefusal(411, 'An upload says its Content-Length')
  } else {
    const length = wholeNumber(headers['content-length'])
    if (length === undefined || length > bytes) throw new HttpRefusal(413, `The slot is for ${size} bytes`)
    if (length !== bytes) throw new HttpRefusal(400, `Content-Length must be ${bytes}`)
  }
  return { bytes, ...(range && { range }) }
}

/** The parcel of a slot that waits for its bytes. */
async function openSlot({ records }: UploadParts, { linkKey }: SlotGrant): Promise<Parcel> {
  const parcel = await records.findByLink(linkKey)
  if (!parcel) throw new HttpRefusal(404, 'There is no such slot')
  if (parcel.state === 'stored') throw new HttpRefusal(409, 'The file is here already')
  if (parcel.state === 'ended') throw new HttpRefusal(410, 'The slot is closed')
  return parcel
}

async function acceptInto(
  { reception }: UploadParts,
  { id, sender, name, size, mediaType, expiresAt }: Parcel,
  { slot }: SlotGrant,
  how: { readonly resume: boolean },
): Promise<IncomingParcel> {
  const incoming = await reception.accept({ sender, name, size, mediaType, identity: slot, expiresAt }, how)
  if (incoming.parcel.id === id) return incoming
  // It has ended since it was looked up, and what was accepted is another one.
  await incoming.discard()
  throw new HttpRefusal(409, 'The slot was used just now')
}

/** Throws `unavailable` when the bytes do not all come; what came can be kept then. */
async function takeBody(
  { clock }: UploadParts,
  incoming: IncomingParcel,
  { bytes }: Body,
  { request, stallMs }: { readonly request: IncomingMessage; readonly stallMs: number },
): Promise<void> {
  let left = bytes
  let stalled = false
  const pace = new Pace({ clock }, stallMs, () => {
    stalled = true
    request.destroy()
  })
  try {
    // The request outlives the loop: whoever sends too much is still told so.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      left -= chunk.length
      if (left < 0) throw new HttpRefusal(413, `The body has more than ${bytes} bytes`)
      pace.moved(chunk.length)
      await pace.excuse(incoming.write(chunk))
    }
  } catch (error) {
    if (error instanceof Failure || error instanceof HttpRefusal) throw error
    const why = stalled ? 'the client sent too slowly' : 'the connection broke'
    throw new Failure('unavailable', `The upload ended ${left} bytes early: ${why}`, { cause: error })
  } finally {
    pace.stop()
  }
  if (left > 0) throw new HttpRefusal(400, `The body has ${bytes - left} of ${bytes} bytes`)
}

function offsetHeaders(offset: number, { size }: SlotGrant): Record<string, string | number> {
  return { 'upload-offset': offset, 'upload-length': size }
}
