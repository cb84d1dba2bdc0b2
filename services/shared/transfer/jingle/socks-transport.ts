import { randomUUID } from 'node:crypto'
import { attribute, type Element, ns, wholeNumber, xml } from '../../xmpp/xml.ts'
import type { Streamhost } from '../streamhost.ts'
import { badRequest, type Role } from './jingle.ts'

/** Preference of each type of candidate (XEP-0260 §2.3). */
const typePreferences = { direct: 126, assisted: 120, tunnel: 110, proxy: 10 } as const
export type CandidateType = keyof typeof typePreferences

/** A streamhost as one side of a session offers it. */
export interface Candidate extends Streamhost {
  readonly cid: string
  readonly type: CandidateType
  /** The higher, the better. */
  readonly priority: number
}

/** The `<transport/>` of one side. */
export interface SocksTransport {
  /** The stream's: not that of the session. */
  readonly sid: string
  readonly candidates: readonly Candidate[]
  /** The digest that its sender names at its own proxies. */
  readonly dstaddr?: string
}

/** What one side tells of its tries. */
export type TransportInfo =
  | { readonly kind: 'candidate-used' | 'activated'; readonly cid: string }
  | { readonly kind: 'candidate-error' | 'proxy-error' }

/** A stranger must not make us dial without end. */
const MAX_CANDIDATES = 16
const DEFAULT_PORT = 1080

/**
 * Our own candidates: direct addresses first, then proxies, each in its order. No two of one session have the same
 * priority, not even when both sides number them so: clients resolve ties in different ways.
 */
export function ownCandidates(direct: readonly Streamhost[], proxied: readonly Streamhost[], role: Role): Candidate[] {
  const rank = (type: CandidateType) => (streamhost: Streamhost, index: number, all: readonly Streamhost[]) => ({
    ...streamhost,
    cid: randomUUID(),
    type,
    priority: typePreferences[type] * 65_536 + 2 * (all.length - index) + (role === 'initiator' ? 1 : 0),
  })
  return [...direct.map(rank('direct')), ...proxied.map(rank('proxy'))]
}

/** The `<transport/>` of an offer or an answer. */
export function formatSocksTransport({ sid, candidates, dstaddr }: SocksTransport): Element {
  return xml(
    'transport',
    { xmlns: ns.jingleSocks, sid, dstaddr },
    candidates.map(({ cid, jid, host, port, priority, type }) =>
      xml('candidate', { cid, jid, host, port, priority, type }),
    ),
  )
}

/**
 * Reads a `<transport/>`; undefined when it is another one, or UDP. Candidates that nobody could dial are left out, and so
 * are all beyond a number that is enough.
 */
export function parseSocksTransport(transport: Element): SocksTransport | undefined {
  const sid = attribute(transport, 'sid')
  if (!transport.is('transport', ns.jingleSocks) || !sid || attribute(transport, 'mode') === 'udp') return undefined
  const candidates = transport.getChildren('candidate', ns.jingleSocks).flatMap(parseCandidate)
  return { sid, candidates: candidates.slice(0, MAX_CANDIDATES) }
}

/** The `<transport/>` of a transport-info. */
export function formatTransportInfo(sid: string, info: TransportInfo): Element {
  return xml('transport', { xmlns: ns.jingleSocks, sid }, xml(info.kind, 'cid' in info ? { cid: info.cid } : {}))
}

/** Reads the `<transport/>` of a transport-info about the stream `sid`. Throws the `StanzaError` to answer. */
export function parseTransportInfo(transport: Element | undefined, sid: string): TransportInfo {
  if (!transport?.is('transport', ns.jingleSocks) || attribute(transport, 'sid') !== sid) {
    throw badRequest('There is no such transport')
  }
  const [element, ...more] = transport.getChildElements()
  const kind = element?.getName()
  if (!element || more.length > 0) throw badRequest('A transport-info says one thing')
  if (kind === 'candidate-error' || kind === 'proxy-error') return { kind }
  const cid = attribute(element, 'cid')
  if ((kind !== 'candidate-used' && kind !== 'activated') || !cid)
    throw badRequest('The transport-info says nothing known')
  return { kind, cid }
}

function parseCandidate(element: Element): Candidate[] {
  const [cid, jid, host] = ['cid', 'jid', 'host'].map((name) => attribute(element, name)?.trim())
  const port = attribute(element, 'port') === undefined ? DEFAULT_PORT : wholeNumber(attribute(element, 'port'))
  const priority = wholeNumber(attribute(element, 'priority'))
  const type = attribute(element, 'type') ?? 'direct'
  if (!cid || !jid || !host || !isType(type) || !priority) return []
  if (port === undefined || port < 1 || port > 65_535) return []
  return [{ cid, jid, host, port, priority, type }]
}

function isType(type: string): type is CandidateType {
  return Object.hasOwn(typePreferences, type)
}
