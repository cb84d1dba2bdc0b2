import { Failure } from '../shared/bytestream/failure.ts'
import { formatBareJid, formatJid, parseJid } from '../shared/bytestream/jid.ts'
import { escapeLocal, unescapeLocal } from '../shared/bytestream/jid-escaping.ts'
import { carryOut } from '../shared/commands/client.ts'
import { discoverInfo, discoverItems } from '../shared/xmpp/discovery.ts'
import type { Session } from '../shared/xmpp/session.ts'
import { attribute, ns, xml } from '../shared/xmpp/xml.ts'

const QUERY_MS = 10_000
/** XEP-0030 §10: asking many items is unkind; a server rarely lists more. */
const MAX_ITEMS = 20

/** The courier that the session's own server lists. Throws `not-found` when it lists none. */
export async function discoverCourier(session: Session, signal: AbortSignal): Promise<string> {
  const server = session.jid.domain
  const options = { timeoutMs: QUERY_MS, signal }
  const items = await discoverItems(session, server, options)
  const infos = await Promise.all(
    items.slice(0, MAX_ITEMS).map(async (item) => {
      const info = await discoverInfo(session, item, options).catch(() => undefined)
      return info?.features.has(ns.courier) ? [item] : []
    }),
  )
  signal.throwIfAborted()
  const [courier] = infos.flat()
  if (courier === undefined) {
    throw new Failure('not-found', `${server} lists no courier: name it by --courier`)
  }
  return courier
}

/** Where a courier takes files for a user (XEP-0106), a bare JID. */
export function addressAt(courier: string, user: string): string {
  return `${escapeLocal(user)}@${courier}/courier`
}

/** Whose file it is that a peer offers: behind an address at the courier stands a user. Without a courier, the peer's. */
export function originOf(peer: string, courier: string | undefined): string {
  const jid = parseJid(peer)
  return formatBareJid(jid.domain === courier && jid.local ? parseJid(unescapeLocal(jid.local)) : jid)
}

/**
 * Agrees that the courier sees this account's presence, without which it offers nothing, and tells it that this resource
 * is here. It asks when something waits, and may have asked before we came: the server told us so at the login, when
 * nobody listened yet. The answer ends the agreeing, and leaves what was agreed.
 */
export async function agreeWithCourier(session: Session, courier: string): Promise<() => void> {
  const agree = () => session.send(xml('presence', { type: 'subscribed', to: courier }))
  const stop = session.onPresence((presence) => {
    const from = attribute(presence, 'from') ?? ''
    // The next login agrees, if this does not get through.
    if (attribute(presence, 'type') === 'subscribe' && formatJid(parseJid(from)) === courier) agree().catch(() => {})
  })
  await agree()
  await session.send(xml('presence', { to: courier }, xml('priority', {}, '-1')))
  return stop
}

/** A file of this account that the courier has stored; what is absent it does not list: it may have handed it over already. */
export interface StoredParcel {
  readonly parcel?: string
  /** Until when it is kept at most. */
  readonly expires?: string
}

/** What the courier lists of the file of this sum that was sent last to this user, a bare JID. Never throws: that it is stored was said before. */
export async function findStored(
  session: Session,
  courier: string,
  { to, sha256, signal }: { readonly to: string; readonly sha256: string; readonly signal: AbortSignal },
): Promise<StoredParcel> {
  const { rows } = await carryOut(session, { to: courier, name: 'sent-parcels', signal }).catch(() => ({ rows: [] }))
  const { parcel, expires } = rows.findLast((row) => row.to === to && row.sha256 === sha256) ?? {}
  return { ...(parcel && { parcel }), ...(expires && { expires }) }
}
