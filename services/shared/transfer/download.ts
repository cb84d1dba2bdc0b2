import { get as getHttp, type IncomingMessage } from 'node:http'
import { get as getHttps } from 'node:https'
import { Failure } from '../bytestream/failure.ts'
import { wholeNumber } from '../xmpp/xml.ts'
import { type DialGuard, guardDialling } from './dial-guard.ts'

const MAX_REDIRECTS = 5

export interface DownloadOptions {
  /** First byte wanted. The answer may begin earlier: see `Download.offset`. */
  readonly offset?: number
  readonly guard?: DialGuard
  /** How long no byte may come. Default 60 000. */
  readonly idleTimeoutMs?: number
  readonly signal?: AbortSignal
}

/** A running HTTP download. */
export interface Download {
  /** Of the whole file, where the server says. */
  readonly size: number | undefined
  /** Where the bytes begin: 0 when the server does not do ranges. */
  readonly offset: number
  /** The bytes; leaving the loop early closes the connection. */
  readonly chunks: AsyncIterable<Buffer>
  /** Closes the connection without reading. */
  cancel(): void
}

/** Fetches a URL. Throws `malformed` for a URL that is not http or https, `unavailable` when the server does not give it. */
export async function openDownload(url: string, options: DownloadOptions = {}): Promise<Download> {
  const response = await followRedirects(url, options, MAX_REDIRECTS)
  const { statusCode = 0, headers } = response
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '')
  const offset = statusCode === 206 ? wholeNumber(range?.[1]) : 0
  if ((statusCode !== 200 && statusCode !== 206) || offset === undefined) {
    response.destroy()
    throw new Failure('unavailable', `Cannot fetch ${url}: the server answered ${statusCode}`)
  }
  // The length of an encoded body is not that of the file; we asked for none, but a server may insist.
  const length = headers['content-encoding'] ? undefined : wholeNumber(headers['content-length'])
  return {
    size: statusCode === 206 ? wholeNumber(range?.[2]) : length,
    offset,
    chunks: response,
    cancel: () => response.destroy(),
  }
}

async function followRedirects(url: string, options: DownloadOptions, left: number): Promise<IncomingMessage> {
  const response = await request(url, options)
  const { statusCode = 0, headers } = response
  if (statusCode < 300 || statusCode >= 400 || !headers.location) return response
  response.destroy()
  if (left === 0) throw new Failure('unavailable', `Cannot fetch ${url}: too many redirections`)
  return followRedirects(new URL(headers.location, url).href, options, left - 1)
}

function request(
  text: string,
  { offset = 0, guard = guardDialling(), idleTimeoutMs = 60_000, signal }: DownloadOptions,
): Promise<IncomingMessage> {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Failure('malformed', `Not an http or https URL: ${text}`)
  }
  guard.check(url.hostname.replace(/^\[|\]$/g, ''))
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const get = url.protocol === 'https:' ? getHttps : getHttp
  const asked = get(url, {
    agent: false,
    lookup: guard.lookup,
    timeout: idleTimeoutMs,
    headers: { 'accept-encoding': 'identity', ...(offset > 0 && { range: `bytes=${offset}-` }) },
    ...(signal && { signal }),
  })
  asked.once('response', resolve)
  asked.once('timeout', () => asked.destroy(new Error(`no byte came for ${idleTimeoutMs / 1000} s`)))
  asked.once('error', (cause) => {
    reject(
      cause instanceof Failure
        ? cause
        : new Failure('unavailable', `Cannot fetch ${text}: ${cause.message}`, { cause }),
    )
  })
  return promise
}
