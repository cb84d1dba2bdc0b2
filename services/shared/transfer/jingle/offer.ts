import { type Element, ns } from '../../xmpp/xml.ts'
import type { OfferedFile } from '../offer.ts'
import { fileError, parseDescription } from './file-description.ts'
import { type InBandTransport, parseInBandTransport } from './in-band-transport.ts'
import { badRequest, type Jingle, type Reason } from './jingle.ts'
import { parseSocksTransport, type SocksTransport } from './socks-transport.ts'

/** A file as it was offered. */
export interface DescribedOffer extends OfferedFile {
  /** The sender will tell the SHA-256 when it knows it. */
  readonly sumFollows?: boolean
}

/** What a session-initiate asks of us: a file by one of the transports, or something that is refused. */
export type JingleOffer = { readonly sid: string; readonly content: string } & (
  | { readonly refusal: Reason }
  | { readonly refusal?: undefined; readonly file: DescribedOffer; readonly transport: OfferedTransport }
)

export type OfferedTransport =
  | { readonly method: 's5b'; readonly socks: SocksTransport }
  | { readonly method: 'ibb'; readonly inBand: InBandTransport }

/** Reads a session-initiate. Throws the `StanzaError` to answer when it is none. */
export function parseOffer({ sid, contents, info }: Jingle): JingleOffer {
  const [content, ...more] = contents
  if (content?.creator !== 'initiator') throw badRequest('There is no content of the initiator')
  const { description, transport, senders = 'initiator' } = content
  const refuse = (condition: Reason['condition'], text: string, app?: Element): JingleOffer => ({
    sid,
    content: content.name,
    refusal: { condition, text, ...(app && { app }) },
  })
  if (more.length > 0) return refuse('incompatible-parameters', 'One file at a time is taken')
  if (!description?.is('description', ns.jingleFile)) return refuse('unsupported-applications', 'Only files are taken')
  if (senders === 'responder') {
    return refuse('failed-application', 'No files are given out', fileError('file-not-available'))
  }
  const file = parseDescription(description)
  if (senders !== 'initiator' || !file) throw badRequest('The content is no offer of a file')
  const { name = 'file', size, range, ...described } = file
  if (size === undefined) return refuse('incompatible-parameters', 'Only files whose size is told are taken')
  const offered = transport && parseTransport(transport)
  if (!offered) return refuse('unsupported-transports', 'Only SOCKS5 bytestreams and in-band bytestreams are known')
  return {
    sid,
    content: content.name,
    file: {
      ...described,
      name,
      size,
      ranges: range !== undefined,
      ...(info?.is('request', ns.receipts) && { receipt: true }),
    },
    transport: offered,
  }
}

function parseTransport(transport: Element): OfferedTransport | undefined {
  const socks = parseSocksTransport(transport)
  if (socks) return { method: 's5b', socks }
  const inBand = parseInBandTransport(transport)
  return inBand && { method: 'ibb', inBand }
}
