import { StanzaError } from '../xmpp/stanza-error.ts'
import { attribute, type Element, ns, wholeNumber, xml } from '../xmpp/xml.ts'
import type { Method } from './events.ts'

/** An offer of one file (XEP-0095 with the profile of XEP-0096). */
export interface Offer {
  /** Names the stream that follows: its SID. Never used twice by one sender. */
  readonly sid: string
  readonly file: OfferedFile
  /** The ways the sender can send, in its order. */
  readonly methods: readonly Method[]
}

export interface OfferedFile {
  /** As the sender wrote it: not safe to use as a file name. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** Last change, as an XEP-0082 timestamp. */
  readonly date?: string
  /** MD5 of the content, in hex; advisory. */
  readonly hash?: string
  /** SHA-256 of the content, in lowercase hex; known of offers by Jingle. */
  readonly sha256?: string
  readonly description?: string
  /** As the sender wrote it; absent when he does not know better than `application/octet-stream`. */
  readonly mediaType?: string
  /** The sender can start anywhere in the file. */
  readonly ranges: boolean
  /** The sender asks for word that whom it is for has it: a receipt (XEP-0184) for the SID, since an iq has none. */
  readonly receipt?: boolean
}

/** The answer to an offer. */
export interface OfferAnswer {
  readonly method: Method
  /** The first byte to send; 0 unless the offer had `ranges`. */
  readonly offset: number
}

const namespaces: Readonly<Record<Method, string>> = { s5b: ns.bytestreams, ibb: ns.ibb, oob: ns.oobIq }

const unknownType = 'application/octet-stream'

/** The features an end must advertise to be offered files. */
export const offerFeatures: readonly string[] = [ns.si, ns.fileTransfer]

/** The feature that stands for a method. */
export function methodFeature(method: Method): string {
  return namespaces[method]
}

/** The `<si/>` of an offer. */
export function formatOffer({ sid, file, methods }: Offer): Element {
  return xml(
    'si',
    { xmlns: ns.si, id: sid, 'mime-type': file.mediaType ?? unknownType, profile: ns.fileTransfer },
    xml(
      'file',
      { xmlns: ns.fileTransfer, name: file.name, size: file.size, date: file.date, hash: file.hash },
      file.description ? xml('desc', {}, file.description) : undefined,
      file.ranges ? xml('range') : undefined,
    ),
    negotiation(
      'form',
      xml(
        'field',
        { var: 'stream-method', type: 'list-single' },
        methods.map((method) => xml('option', {}, xml('value', {}, namespaces[method]))),
      ),
    ),
  )
}

/** Reads an offer. Throws the `StanzaError` to answer when there is nothing in it that we could accept. */
export function parseOffer(si: Element): Offer {
  if (attribute(si, 'profile') !== ns.fileTransfer) {
    throw new StanzaError({ condition: 'bad-request', app: xml('bad-profile', { xmlns: ns.si }) })
  }
  const sid = attribute(si, 'id')
  const file = si.getChild('file', ns.fileTransfer)
  const name = file && attribute(file, 'name')
  const size = file && wholeNumber(attribute(file, 'size'))
  if (!sid) throw new StanzaError({ condition: 'bad-request', text: 'The offer has no id' })
  if (!file || !name || size === undefined) {
    throw new StanzaError({ condition: 'bad-request', text: 'The offer has no file with a name and a size' })
  }
  const values =
    streamMethodField(si)
      ?.getChildren('option')
      .map((option) => option.getChildText('value') ?? '') ?? []
  const methods = values.flatMap((value) => methodOf(value) ?? [])
  const date = attribute(file, 'date')
  const hash = attribute(file, 'hash')
  const description = file.getChildText('desc')
  const mediaType = attribute(si, 'mime-type')
  return {
    sid,
    methods,
    file: {
      name,
      size,
      ranges: file.getChild('range') !== undefined,
      ...(si.getChild('request', ns.receipts) && { receipt: true }),
      ...(date !== undefined && { date }),
      ...(hash !== undefined && { hash }),
      ...(description && { description }),
      ...(mediaType && mediaType !== unknownType && { mediaType }),
    },
  }
}

/** The `<si/>` of an answer. */
export function formatAnswer({ method, offset }: OfferAnswer): Element {
  return xml(
    'si',
    { xmlns: ns.si },
    offset > 0 ? xml('file', { xmlns: ns.fileTransfer }, xml('range', { offset })) : undefined,
    negotiation('submit', xml('field', { var: 'stream-method' }, xml('value', {}, namespaces[method]))),
  )
}

/** Reads the answer to our offer. Throws `StanzaError` when it takes what was not offered. */
export function parseAnswer(iq: Element, { file, methods }: Offer): OfferAnswer {
  const si = iq.getChild('si', ns.si)
  const method = methodOf((si && streamMethodField(si)?.getChildText('value')) ?? '')
  if (!method || !methods.includes(method)) {
    throw new StanzaError({ condition: 'bad-request', text: 'The answer takes no method that was offered' })
  }
  const range = si?.getChild('file', ns.fileTransfer)?.getChild('range')
  const offset = range ? (wholeNumber(attribute(range, 'offset')) ?? 0) : 0
  if (offset > 0 && (!file.ranges || offset > file.size)) {
    throw new StanzaError({
      condition: 'bad-request',
      text: `The answer asks for bytes from ${offset} of ${file.size}`,
    })
  }
  return { method, offset }
}

/** The answer when no offered method suits. */
export function noValidStreams(): StanzaError {
  return new StanzaError({ condition: 'bad-request', type: 'cancel', app: xml('no-valid-streams', { xmlns: ns.si }) })
}

/** The answer when the user, or the rules the user set, do not want the file. */
export function declined(text: string): StanzaError {
  return new StanzaError({ condition: 'forbidden', type: 'cancel', text })
}

function negotiation(type: 'form' | 'submit', field: Element): Element {
  return xml('feature', { xmlns: ns.featureNegotiation }, xml('x', { xmlns: ns.dataForm, type }, field))
}

function streamMethodField(si: Element): Element | undefined {
  const form = si.getChild('feature', ns.featureNegotiation)?.getChild('x', ns.dataForm)
  return form?.getChildren('field').find((field) => attribute(field, 'var') === 'stream-method')
}

function methodOf(namespace: string): Method | undefined {
  const trimmed = namespace.trim()
  return (Object.keys(namespaces) as Method[]).find((method) => namespaces[method] === trimmed)
}
