import { attribute, type Element, ns, wholeNumber, xml } from '../xmpp/xml.ts'

/** An address at which a bytestream can be joined (XEP-0065). */
export interface Streamhost {
  /** As it was advertised: `streamhost-used` and the activation repeat it to the letter. */
  readonly jid: string
  /** A name or an IP address without brackets. */
  readonly host: string
  readonly port: number
}

/** Of the streamhosts that somebody offers those to dial, in that order. */
export type ChooseStreamhosts = (offered: readonly Streamhost[]) => Promise<readonly Streamhost[]>

const DEFAULT_PORT = 1080

/** The usable streamhosts of a `<query/>`, in document order; those that nobody could dial are left out. */
export function parseStreamhosts(query: Element): Streamhost[] {
  return query.getChildren('streamhost').flatMap((element) => {
    const jid = attribute(element, 'jid')?.trim()
    const host = attribute(element, 'host')?.trim()
    const port = attribute(element, 'port') === undefined ? DEFAULT_PORT : wholeNumber(attribute(element, 'port'))
    if (!jid || !host || port === undefined || port < 1 || port > 65_535) return []
    return [{ jid, host, port }]
  })
}

export function formatStreamhost({ jid, host, port }: Streamhost): Element {
  return xml('streamhost', { jid, host, port })
}

/** `jid (host:port)`, for messages. */
export function describeStreamhost({ jid, host, port }: Streamhost): string {
  return `${jid} (${host.includes(':') ? `[${host}]` : host}:${port})`
}

/** An empty `<query/>` of XEP-0065 with the given children. */
export function bytestreamsQuery(sid: string | undefined, ...children: Element[]): Element {
  return xml('query', { xmlns: ns.bytestreams, sid }, children)
}
