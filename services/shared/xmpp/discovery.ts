import { type Jid, parseJid } from '../bytestream/jid.ts'
import { type RequestOptions, type Session, senderOf } from './session.ts'
import { StanzaError } from './stanza-error.ts'
import { attribute, type Element, ns, xml } from './xml.ts'

export interface Identity {
  readonly category: string
  readonly type: string
  readonly name?: string
}

/** What an entity says of itself (XEP-0030). */
export interface EntityInfo {
  readonly identities: readonly Identity[]
  readonly features: ReadonlySet<string>
  /** Data forms that say more (XEP-0128). */
  readonly forms?: readonly Element[]
}

/** What can be discovered beneath an address, at nodes of its own. */
export interface DiscoNodes {
  /** What the address serves because of them. */
  readonly features: readonly string[]
  /** Children of the answer; undefined when there is no such node. May throw a `StanzaError`. */
  info(node: string, requester: Jid): readonly Element[] | undefined
  /** The same for items. */
  items(node: string, requester: Jid): readonly Element[] | undefined
}

/** Asks an entity who it is and what it can do. Throws as `Session.request`. */
export async function discoverInfo(session: Session, jid: string, options?: RequestOptions): Promise<EntityInfo> {
  const result = await session.request(
    xml('iq', { type: 'get', to: jid }, xml('query', { xmlns: ns.discoInfo })),
    options,
  )
  const children = result.getChild('query', ns.discoInfo)?.getChildElements() ?? []
  return {
    identities: children
      .filter((child) => child.getName() === 'identity')
      .map((child) => {
        const name = attribute(child, 'name')
        return {
          category: attribute(child, 'category') ?? '',
          type: attribute(child, 'type') ?? '',
          ...(name !== undefined && { name }),
        }
      }),
    features: new Set(
      children.filter((child) => child.getName() === 'feature').map((child) => attribute(child, 'var') ?? ''),
    ),
  }
}

/** The JIDs a server or service lists as its items. Throws as `Session.request`. */
export async function discoverItems(session: Session, jid: string, options?: RequestOptions): Promise<string[]> {
  const result = await session.request(
    xml('iq', { type: 'get', to: jid }, xml('query', { xmlns: ns.discoItems })),
    options,
  )
  const items = result.getChild('query', ns.discoItems)?.getChildElements() ?? []
  return items.flatMap((item) => attribute(item, 'jid') ?? [])
}

/** Answers disco#info, disco#items and pings for a session. The answer takes the handlers away. */
export function answerDiscovery(session: Session, info: EntityInfo, nodes: readonly DiscoNodes[] = []): () => void {
  const at = (query: Element, iq: Element, find: (of: DiscoNodes, node: string, by: Jid) => Children) => {
    const node = attribute(query, 'node')
    if (node === undefined) return undefined
    const by = parseJid(senderOf(iq, session))
    for (const each of nodes) {
      const children = find(each, node, by)
      // XEP-0030 §3.2: the answer repeats the node.
      if (children) return xml('query', { xmlns: query.getNS(), node }, children)
    }
    throw new StanzaError({ condition: 'item-not-found' })
  }
  const handlers = [
    session.onIq(
      { type: 'get', name: 'query', namespace: ns.discoInfo },
      (query, iq) =>
        at(query, iq, (each, node, by) => each.info(node, by)) ??
        xml('query', { xmlns: ns.discoInfo }, describeEntity(info)),
    ),
    session.onIq(
      { type: 'get', name: 'query', namespace: ns.discoItems },
      (query, iq) => at(query, iq, (each, node, by) => each.items(node, by)) ?? xml('query', { xmlns: ns.discoItems }),
    ),
    session.onIq({ type: 'get', name: 'ping', namespace: ns.ping }, () => undefined),
  ]
  return () => {
    for (const remove of handlers) remove()
  }
}

type Children = readonly Element[] | undefined

/** The children of an answer to disco#info. What every entity of ours can is among its features. */
export function describeEntity({ identities, features, forms = [] }: EntityInfo): Element[] {
  return [
    ...identities.map(({ category, type, name }) => xml('identity', { category, type, name })),
    ...[...new Set([ns.discoInfo, ns.discoItems, ns.ping, ...features])].map((feature) =>
      xml('feature', { var: feature }),
    ),
    ...forms,
  ]
}
