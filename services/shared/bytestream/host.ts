import { Failure } from './failure.ts'

/**
 * A host that any client can dial, as XEP-0065 §4 wants it: a name or IPv4 address in lower case, or an IPv6 address in
 * the canonical text of RFC 5952, without brackets. Brackets around IPv6 are taken off. Throws `malformed`, also for an
 * IPv6 address with a zone, which means something on one machine only.
 */
export function parseHost(text: string): string {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1]
  const host = bracketed ?? text
  if (host.includes(':')) {
    const url = `http://[${host}]`
    if (/^[0-9a-f:.]+$/i.test(host) && URL.canParse(url)) return new URL(url).hostname.slice(1, -1)
  } else if (bracketed === undefined && /^[^[\]\s/@%{}]+$/.test(host)) {
    return host.toLowerCase()
  }
  throw new Failure('malformed', `Not a host, it must be a name, an IPv4 or an IPv6 address: ${JSON.stringify(text)}`)
}

/** Host and port as one text: `host:port`, an IPv6 address in brackets. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
