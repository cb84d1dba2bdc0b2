import type { RequestOptions, Session } from './session.ts'
import { StanzaError } from './stanza-error.ts'
import { attribute, ns, xml } from './xml.ts'

export interface Identity {
  readonly category: string
  readonly type: string
  readonly name?: string
}

/** What an entity says of itself (XEP-0030). */
export interface EntityInfo {
  readonly identities: readonly Identity[]
  readonly features: ReadonlySet<string>
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
export function answerDiscovery(session: Session, info: EntityInfo): () => void {
  const handlers = [
    session.onIq({ type: 'get', name: 'query', namespace: ns.discoInfo }, (query) => {
      if (query.attrs.node !== undefined) throw new StanzaError({ condition: 'item-not-found' })
      return xml(
        'query',
        { xmlns: ns.discoInfo },
        info.identities.map(({ category, type, name }) => xml('identity', { category, type, name })),
        [...new Set([ns.discoInfo, ns.discoItems, ns.ping, ...info.features])].map((feature) =>
          xml('feature', { var: feature }),
        ),
      )
    }),
    session.onIq({ type: 'get', name: 'query', namespace: ns.discoItems }, () =>
      xml('query', { xmlns: ns.discoItems }),
    ),
    session.onIq({ type: 'get', name: 'ping', namespace: ns.ping }, () => undefined),
  ]
  return () => {
    for (const remove of handlers) remove()
  }
}
