import type { IncomingHttpHeaders } from 'node:http'

/** What conditions are about: one representation. */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string
  readonly lastModified: Date
}

/**
 * What the conditions of a GET or HEAD make of it, in the order of RFC 9110 §13.2.2: 412, 304, or undefined to go on.
 */
export function evaluateConditions(
  headers: IncomingHttpHeaders,
  { etag, lastModified }: Validators,
): 412 | 304 | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  const unmodifiedSince = readDate(headers['if-unmodified-since'])
  const modifiedSince = readDate(headers['if-modified-since'])
  const modified = wholeSeconds(lastModified)
  if (ifMatch !== undefined) {
    if (!names(ifMatch, etag, 'strongly')) return 412
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 412
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, etag, 'weakly') ? 304 : undefined
  return modifiedSince !== undefined && modified <= modifiedSince ? 304 : undefined
}

/** Whether a Range still holds: If-Range is absent or names this representation exactly (RFC 9110 §13.1.5). */
export function rangeHolds({ 'if-range': header }: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  if (header === undefined) return true
  return String(header).startsWith('"') ? header === etag : readDate(String(header)) === wholeSeconds(lastModified)
}

/** Whether a list of entity tags has this one; a weak one only counts where it is enough. */
function names(list: string, etag: string, how: 'weakly' | 'strongly'): boolean {
  if (list.trim() === '*') return true
  return list
    .split(',')
    .map((item) => item.trim())
    .some((item) => item === etag || (how === 'weakly' && item === `W/${etag}`))
}

function readDate(header: string | undefined): number | undefined {
  const time = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : time
}

/** Dates of HTTP have no fractions. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}
