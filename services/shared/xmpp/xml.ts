import { createElement, type Element } from '@xmpp/xml'

export { Element } from '@xmpp/xml'

/** What may stand inside an element; everything empty is left out. */
export type Child = Element | string | undefined | readonly Child[]

/** Builds an element. Attributes that are undefined are left out; text is escaped. */
export function xml(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...children: readonly Child[]
): Element {
  const present = children.flat(Number.POSITIVE_INFINITY as 1).filter((child) => child !== undefined && child !== '')
  return createElement(name, { ...attributes }, ...(present as (Element | string)[]))
}

/** The namespaces we speak, by the name the project uses for them. */
export const ns = {
  stanzas: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  bytestreams: 'http://jabber.org/protocol/bytestreams',
  discoInfo: 'http://jabber.org/protocol/disco#info',
  discoItems: 'http://jabber.org/protocol/disco#items',
  si: 'http://jabber.org/protocol/si',
  fileTransfer: 'http://jabber.org/protocol/si/profile/file-transfer',
  featureNegotiation: 'http://jabber.org/protocol/feature-neg',
  ibb: 'http://jabber.org/protocol/ibb',
  oobIq: 'jabber:iq:oob',
  oobMessage: 'jabber:x:oob',
  fileMetadata: 'urn:xmpp:file:metadata:0',
  fileSharing: 'urn:xmpp:sfs:0',
  urlData: 'http://jabber.org/protocol/url-data',
  hashes: 'urn:xmpp:hashes:2',
  fallback: 'urn:xmpp:fallback:0',
  addresses: 'http://jabber.org/protocol/address',
  delay: 'urn:xmpp:delay',
  hints: 'urn:xmpp:hints',
  receipts: 'urn:xmpp:receipts',
  jingle: 'urn:xmpp:jingle:1',
  jingleErrors: 'urn:xmpp:jingle:errors:1',
  jingleFile: 'urn:xmpp:jingle:apps:file-transfer:5',
  jingleFileErrors: 'urn:xmpp:jingle:apps:file-transfer:errors:0',
  jingleSocks: 'urn:xmpp:jingle:transports:s5b:1',
  jingleInBand: 'urn:xmpp:jingle:transports:ibb:1',
  dataForm: 'jabber:x:data',
  commands: 'http://jabber.org/protocol/commands',
  ping: 'urn:xmpp:ping',
  version: 'jabber:iq:version',
  lastActivity: 'jabber:iq:last',
  /** Our own: what the courier is, and what it tells about a parcel. */
  courier: 'urn:splice65:courier:0',
  caps: 'http://jabber.org/protocol/caps',
  jidEscaping: 'jid\\20escaping',
  /** Before and after XEP-0356 changed what does not concern presence; ejabberd 23.01 has the first. */
  privileges: ['urn:xmpp:privilege:1', 'urn:xmpp:privilege:2'],
} as const

/** An attribute as text; undefined when it is absent. */
export function attribute(element: Element, name: string): string | undefined {
  const value: unknown = element.attrs[name]
  return value === undefined || value === null ? undefined : String(value)
}

/**
 * The one payload of an iq get or set; undefined when there is none or more than one, which RFC 6120 §8.2.3 calls a
 * bad request.
 */
export function soleChild(iq: Element): Element | undefined {
  const children = iq.getChildElements()
  return children.length === 1 ? children[0] : undefined
}

/** A number written in decimal digits only, and exact in JavaScript; undefined for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : undefined
}
