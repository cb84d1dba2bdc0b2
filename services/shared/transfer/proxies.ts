import { formatJid } from '../bytestream/jid.ts'
import { discoverInfo, discoverItems } from '../xmpp/discovery.ts'
import type { Session } from '../xmpp/session.ts'
import { ns, xml } from '../xmpp/xml.ts'
import { type OnTransferEvent, stepEvent } from './events.ts'
import { bytestreamsQuery, parseStreamhosts, type Streamhost } from './streamhost.ts'

/** A service that is no proxy, or does not answer, must not hold up the transfer. */
const QUERY_MS = 10_000
/** XEP-0030 §10: asking many items is unkind; a server rarely lists more. */
const MAX_ITEMS = 20

/** Finds the proxies that the session's own server lists: steps 3 to 6. Services that do not answer are passed over. */
export async function discoverProxies(
  session: Session,
  tell: OnTransferEvent,
  signal?: AbortSignal,
): Promise<string[]> {
  const own = formatJid(session.jid)
  const server = session.jid.domain
  const options = { timeoutMs: QUERY_MS, ...(signal && { signal }) }
  tell(stepEvent(3, own, server))
  const items = await discoverItems(session, server, options).catch(() => [])
  signal?.throwIfAborted()
  tell(stepEvent(4, server, own, items.join(' ')))
  const asked = await Promise.all(
    items.slice(0, MAX_ITEMS).map(async (item) => {
      tell(stepEvent(5, own, item))
      const info = await discoverInfo(session, item, options).catch(() => undefined)
      const proxy = info?.identities.find(({ category, type }) => category === 'proxy' && type === 'bytestreams')
      if (!proxy) return []
      tell(stepEvent(6, item, own, proxy.name))
      return [item]
    }),
  )
  signal?.throwIfAborted()
  return asked.flat()
}

/** Asks a proxy for its addresses: steps 7 and 8. Throws as `Session.request`; the list may be empty. */
export async function queryStreamhosts(
  session: Session,
  proxy: string,
  tell: OnTransferEvent,
  signal?: AbortSignal,
): Promise<Streamhost[]> {
  const own = formatJid(session.jid)
  tell(stepEvent(7, own, proxy))
  const result = await session.request(xml('iq', { type: 'get', to: proxy }, bytestreamsQuery(undefined)), {
    timeoutMs: QUERY_MS,
    ...(signal && { signal }),
  })
  const query = result.getChild('query', ns.bytestreams)
  const streamhosts = query ? parseStreamhosts(query) : []
  tell(stepEvent(8, proxy, own, streamhosts.map(({ host, port }) => `${host}:${port}`).join(' ')))
  return streamhosts
}

/** Asks proxies for their addresses, in their order. Throws what one of them answered when there is no address at all. */
export async function queryAllStreamhosts(
  session: Session,
  proxies: readonly string[],
  tell: OnTransferEvent,
  signal?: AbortSignal,
): Promise<Streamhost[]> {
  const answers = await Promise.allSettled(proxies.map((proxy) => queryStreamhosts(session, proxy, tell, signal)))
  signal?.throwIfAborted()
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const refused = answers.find((answer) => answer.status === 'rejected')
  if (found.length === 0 && refused) throw refused.reason
  return found
}
