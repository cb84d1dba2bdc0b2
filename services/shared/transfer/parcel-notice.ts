import { attribute, type Element, ns, wholeNumber, xml } from '../xmpp/xml.ts'

/** What a courier tells a sender about a file that it keeps, beside the words for people: an extension of a message. */
export interface ParcelNotice {
  /** Of the parcel: the same in all that is told about it. */
  readonly id: string
  /** `stored`, `delivered`, `declined`, `expired`, `deleted`, `refused` or `damaged`. */
  readonly state: string
  /** Of the offer by which it was sent. */
  readonly sid?: string
  /** As the sender wrote it. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** In lowercase hex; absent when the file never came to be stored. */
  readonly sha256?: string
  /** Until when it is kept at most, as an XEP-0082 timestamp. */
  readonly expires: string
}

/** The `<parcel/>` of a message. */
export function formatParcelNotice({ id, state, sid, name, size, sha256, expires }: ParcelNotice): Element {
  return xml('parcel', { xmlns: ns.courier, id, state, sid, name, size, sha256, expires })
}

/** Reads the `<parcel/>` of a message; undefined when there is none, or something is missing in it. */
export function parseParcelNotice(message: Element): ParcelNotice | undefined {
  const parcel = message.getChild('parcel', ns.courier)
  if (!parcel) return undefined
  const [id, state, name, expires] = ['id', 'state', 'name', 'expires'].map((each) => attribute(parcel, each))
  const size = wholeNumber(attribute(parcel, 'size'))
  if (!id || !state || name === undefined || size === undefined || !expires) return undefined
  const sid = attribute(parcel, 'sid')
  const sha256 = attribute(parcel, 'sha256')
  return { id, state, name, size, expires, ...(sid !== undefined && { sid }), ...(sha256 !== undefined && { sha256 }) }
}
