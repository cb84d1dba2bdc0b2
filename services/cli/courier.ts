import { Failure } from '../shared/bytestream/failure.ts'
import { discoverInfo, discoverItems } from '../shared/xmpp/discovery.ts'
import type { Session } from '../shared/xmpp/session.ts'
import { ns } from '../shared/xmpp/xml.ts'

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
