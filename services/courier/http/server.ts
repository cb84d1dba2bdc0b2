import { once } from 'node:events'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Place, Places } from '../../shared/limits/places.ts'
import { parseTrustedProxies } from '../../shared/limits/trusted-proxies.ts'
import { PatientListener } from '../../shared/runtime/patient-listener.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Records } from '../records/records.ts'
import { clientAddress } from './client-address.ts'
import { Coverage } from './coverage.ts'
import { type DownloadOptions, type DownloadParts, sendDownload } from './download.ts'
import { HttpRefusal, toHttpRefusal } from './http-refusal.ts'
import { languageFor } from './language.ts'
import { filePage, gonePage, unknownPage } from './page.ts'
import { pagePolicy } from './page-style.ts'
import { readTarget, type Target } from './target.ts'
import { receiveUpload, tellOffset, type UploadOptions, type UploadParts } from './upload.ts'

export interface HttpParts extends UploadParts, Omit<DownloadParts, 'coverage'> {
  readonly records: UploadParts['records'] & DownloadParts['records'] & Pick<Records, 'findByLink'>
  readonly events: UploadParts['events'] & DownloadParts['events'] & HttpServerEvents
}

/** What the server itself has to tell. */
export interface HttpServerEvents {
  /** A request was answered; `method` is one of those we know, or `other`. */
  httpAnswered(method: HttpMethod | 'other', status: number): void
  /** A handler threw what no handler should. */
  httpFailed(error: unknown): void
}

export const httpMethods = ['GET', 'HEAD', 'PUT', 'OPTIONS'] as const
export type HttpMethod = (typeof httpMethods)[number]

export interface HttpOptions extends UploadOptions, DownloadOptions {
  readonly httpHost: string
  readonly httpPort: number
  readonly httpConnections: number
  readonly httpUploads: number
  readonly httpDownloads: number
  readonly httpTransfersPerAddress: number
  /** Addresses and CIDRs of who may say by X-Forwarded-For where a client comes from. */
  readonly httpTrustedProxies: readonly string[]
}

/** The door for uploads, downloads and browsers. */
export interface HttpServer {
  readonly address: AddressInfo
  /** Requests that are being answered. */
  readonly running: number
  /** Answers what comes, and asks for no more on the same connection; resolves when nothing runs or the signal aborts. */
  drain(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/** A header that does not come within this time does not come. */
const headersTimeoutMs = 15_000

/** For a client that goes on sending what was refused. */
const lingerMs = 1_000
const lingerBytes = 1 << 20

/** What every answer has. Scripts of anybody may read what they have the link of; nobody may show it as a page of ours. */
const commonHeaders: OutgoingHttpHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Content-Disposition, Content-Range, ETag, Location, Upload-Length, Upload-Offset',
  'cross-origin-resource-policy': 'cross-origin',
}

/** Serves HTTP, in clear text: TLS ends before us. Whoever calls stops it. Throws `malformed` for proxies that are none. */
export async function serveHttp(given: HttpParts, options: HttpOptions): Promise<HttpServer> {
  const parts = { ...given, coverage: new Coverage() }
  const { records, events } = parts
  const trusted = parseTrustedProxies(options.httpTrustedProxies)
  // Two pools, so that readers, however many and slow, keep out no sender.
  const mostPerSource = options.httpTransfersPerAddress
  const uploads = new Places({ most: options.httpUploads, mostPerSource })
  const downloads = new Places({ most: options.httpDownloads, mostPerSource })
  const running = new Set<Promise<unknown>>()
  let draining = false

  // Uploads take as long as they take: their own pace is watched instead.
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: 0, keepAliveTimeout: 10_000 })
  server.maxConnections = options.httpConnections
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const closed = new Promise((resolve) => response.once('close', resolve))
    response.on('error', events.httpFailed)
    const work = Promise.all([serve(request, response).catch(events.httpFailed), closed]).finally(() => {
      running.delete(work)
    })
    running.add(work)
  }
  server.on('request', take)
  // Whoever asks before he sends a body is answered before he does.
  server.on('checkContinue', take)

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = httpMethods.find((known) => known === request.method) ?? 'other'
    response.once('close', () => events.httpAnswered(method, response.headersSent ? response.statusCode : 499))
    for (const [name, value] of Object.entries(commonHeaders)) if (value !== undefined) response.setHeader(name, value)
    // Nobody reads a body that only an upload has, so whoever sends one slowly would keep his connection for ever.
    if (draining || (method !== 'PUT' && hasBody(request))) response.shouldKeepAlive = false
    try {
      await answer(request, response)
    } catch (error) {
      const refusal = toHttpRefusal(error)
      if (refusal.status === 500) events.httpFailed(error)
      await refuse(request, response, refusal)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = readTarget(request.url ?? '', options.publicUrl)
    switch (request.method) {
      case 'OPTIONS':
        response.writeHead(204, preflight).end()
        return
      case 'PUT': {
        const { linkKey } = target
        if (linkKey === undefined) throw new HttpRefusal(404, 'There is no such slot')
        return within(uploads, request, () => receiveUpload(parts, options, { request, response, linkKey }))
      }
      case 'HEAD':
        if (target.linkKey !== undefined && request.headers.authorization !== undefined) {
          return tellOffset(parts, options, { request, response, linkKey: target.linkKey })
        }
        return give(request, response, target)
      case 'GET':
        return give(request, response, target)
      default:
        throw new HttpRefusal(405, 'GET, HEAD, PUT and OPTIONS only', { allow: httpMethods.join(', ') })
    }
  }

  /** Gives the file, or the page about it to whoever opens the link in a browser. */
  async function give(request: IncomingMessage, response: ServerResponse, { linkKey, asks }: Target): Promise<void> {
    const parcel = linkKey === undefined ? undefined : await records.findByLink(linkKey)
    const found = parcel && stateOf(parcel, new Date(parts.now?.() ?? Date.now()))
    const forPeople = asks === undefined && wantsHtml(request)
    if (found === 'stored' && parcel && !forPeople) {
      const preview = asks === 'preview'
      const send = () => sendDownload(parts, options, { request, response, parcel, preview })
      return request.method === 'HEAD' ? send() : within(downloads, request, send)
    }
    const language = languageFor(request.headers['accept-language'])
    if (found === 'stored' && parcel) {
      sendPage(response, 200, filePage(parcel, { language, linkDownloads: options.linkDownloads }))
    } else if (!wantsHtml(request)) {
      throw found === 'ended'
        ? new HttpRefusal(410, 'The file is no longer here')
        : new HttpRefusal(404, 'There is no such file')
    } else if (found === 'ended' && parcel) sendPage(response, 410, gonePage(parcel, language))
    else sendPage(response, 404, unknownPage(language))
  }

  async function within(pool: Places, request: IncomingMessage, work: () => Promise<void>): Promise<void> {
    const place = demandPlace(pool, clientAddress(request, trusted))
    try {
      await work()
    } finally {
      place.giveBack()
    }
  }

  const listener = await PatientListener.start(
    { server, failed: events.httpFailed },
    { host: options.httpHost, port: options.httpPort },
  )
  return {
    address: listener.address,
    get running() {
      return running.size
    },
    async drain(signal) {
      draining = true
      server.closeIdleConnections()
      while (running.size > 0 && !signal.aborted) await Promise.race([...running, aborted(signal)])
    },
    async stop() {
      const closed = once(server, 'close')
      listener.stop()
      server.closeAllConnections()
      await closed
      await Promise.all(running)
    },
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort')
}

const preflight: OutgoingHttpHeaders = {
  allow: httpMethods.join(', '),
  'access-control-allow-methods': httpMethods.join(', '),
  'access-control-allow-headers':
    'Authorization, Content-Type, Content-Range, If-Match, If-None-Match, If-Range, Range',
  'access-control-max-age': '7200',
}

function demandPlace(pool: Places, address: string | undefined): Place {
  const place = pool.take(address)
  if (place === 'full') throw new HttpRefusal(503, 'Too many transfers run here', { 'retry-after': '10' })
  if (place === 'source-full') throw new HttpRefusal(429, 'Too many transfers run from you', { 'retry-after': '10' })
  return place
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** What strangers may know of a parcel: one whose time is over has ended, whoever has to note that. */
function stateOf({ state, expiresAt }: Parcel, now: Date): 'stored' | 'ended' | undefined {
  if (state === 'receiving') return undefined
  return state === 'stored' && expiresAt > now ? 'stored' : 'ended'
}

/** A navigation says that it takes HTML; programs that fetch files, and pictures in pages, do not. */
function wantsHtml({ headers }: IncomingMessage): boolean {
  return /(?:^|,)\s*text\/html\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|;|$))|,|$)/i.test(headers.accept ?? '')
}

function sendPage(response: ServerResponse, status: number, page: string): void {
  const body = Buffer.from(page)
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': body.length,
      'content-security-policy': pagePolicy,
      'cache-control': 'private, no-store',
      vary: 'Accept, Accept-Language',
    })
    .end(body)
}

/** Answers with a line of text, as far as there was no answer yet. A body that nobody wanted ends the connection. */
async function refuse(request: IncomingMessage, response: ServerResponse, refusal: HttpRefusal): Promise<void> {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const bodyFollows = !request.complete
  const body = Buffer.from(`${refusal.message}\n`)
  response.writeHead(refusal.status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...refusal.headers,
    ...(bodyFollows && { connection: 'close' }),
  })
  if (bodyFollows && request.headers.expect === undefined) {
    response.write(body)
    await linger(request)
    response.end()
  } else response.end(body)
}

/** A connection that is closed on bytes that nobody has read is reset, and its client may never see our answer. */
async function linger(request: IncomingMessage): Promise<void> {
  const late = setTimeout(() => request.destroy(), lingerMs)
  let left = lingerBytes
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      left -= chunk.length
      if (left < 0) break
    }
  } catch {
    // The client is gone, or was cut off: either way there is nobody left to answer.
  } finally {
    clearTimeout(late)
  }
}
