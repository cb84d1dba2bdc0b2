import { domainToASCII, domainToUnicode } from 'node:url'
import { Failure } from './failure.ts'

/** A prepared JID: localpart and domain case-folded, the resource as it was but normalised (RFC 6122). */
export interface Jid {
  readonly local: string
  readonly domain: string
  readonly resource: string
}

const MAX_PART_BYTES = 1023

// RFC 3454 table B.1: mapped to nothing.
const mappedToNothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu
// RFC 3454 tables C.1.2 and C.2 to C.9 by their Unicode classes: controls, format characters, private use, surrogates,
// line separators, and every space but U+0020.
const prohibited = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
// RFC 6122 appendix A.5, and the plain space.
const prohibitedInLocal = /[ "&'/:<>@]/

/** Reads and prepares a JID. Surrounding white space is dropped. Throws `malformed`. */
export function parseJid(text: string): Jid {
  const trimmed = text.trim()
  const slash = trimmed.indexOf('/')
  const bare = slash < 0 ? trimmed : trimmed.slice(0, slash)
  const resource = slash < 0 ? '' : trimmed.slice(slash + 1)
  const at = bare.indexOf('@')
  const local = at < 0 ? '' : bare.slice(0, at)
  const domain = bare.slice(at + 1)
  if (at === 0) throw malformed(text, 'its localpart is empty')
  if (slash >= 0 && resource === '') throw malformed(text, 'its resource is empty')
  return {
    local: local && prepareLocal(local, text),
    domain: prepareDomain(domain, text),
    resource: resource && prepareResource(resource, text),
  }
}

/** The JID as text: `local@domain/resource`. */
export function formatJid(jid: Jid): string {
  return `${jid.local && `${jid.local}@`}${jid.domain}${jid.resource && `/${jid.resource}`}`
}

/** The JID without its resource, as text. */
export function formatBareJid(jid: Jid): string {
  return formatJid({ ...jid, resource: '' })
}

function prepareLocal(local: string, whole: string): string {
  const prepared = local.replace(mappedToNothing, '').normalize('NFKC').toLowerCase().normalize('NFKC')
  if (prohibitedInLocal.test(prepared)) throw malformed(whole, 'its localpart has a forbidden character')
  return checked(prepared, whole, 'localpart')
}

function prepareDomain(domain: string, whole: string): string {
  if (domain === '') throw malformed(whole, 'it has no domain')
  const withoutDot = domain.endsWith('.') ? domain.slice(0, -1) : domain
  if (/[\s/?#@%\\]/.test(withoutDot)) throw malformed(whole, 'its domain has a forbidden character')
  if (/^\[[0-9a-f:.]+\]$/i.test(withoutDot)) return withoutDot.toLowerCase()
  // What is mapped may leave another dot at the end, or nothing between two.
  const ascii = domainToASCII(withoutDot).replace(/\.$/, '')
  if (ascii.split('.').includes('')) throw malformed(whole, 'its domain is not a name')
  const unicode = domainToUnicode(ascii)
  // Of a label that only looks like one of IDNA, Node makes anything, and not only of that label.
  if (domainToASCII(unicode) !== ascii) throw malformed(whole, 'its domain is not a name')
  return checked(unicode, whole, 'domain')
}

function prepareResource(resource: string, whole: string): string {
  return checked(resource.replace(mappedToNothing, '').normalize('NFKC').trimEnd(), whole, 'resource')
}

function checked(part: string, whole: string, name: string): string {
  if (part === '') throw malformed(whole, `its ${name} is empty`)
  if (Buffer.byteLength(part) > MAX_PART_BYTES)
    throw malformed(whole, `its ${name} is longer than ${MAX_PART_BYTES} bytes`)
  if (prohibited.test(part)) throw malformed(whole, `its ${name} has a forbidden character`)
  return part
}

function malformed(text: string, why: string): Failure {
  return new Failure('malformed', `Not a JID, ${why}: ${JSON.stringify(text.slice(0, 100))}`)
}
