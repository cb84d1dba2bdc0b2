import { attribute, type Element, ns, wholeNumber, xml } from '../../xmpp/xml.ts'
import { decodeBase64 } from '../base64.ts'
import type { Role } from './jingle.ts'

/** What XEP-0234 says of a file. */
export interface DescribedFile {
  /** As its sender wrote it: not safe to use as a file name. */
  readonly name?: string
  /** In bytes. */
  readonly size?: number
  readonly mediaType?: string
  /** Last change, as an XEP-0082 timestamp. */
  readonly date?: string
  readonly description?: string
  /** Of the whole file, in lowercase hex. */
  readonly sha256?: string
  /** The SHA-256 will be told in a checksum. */
  readonly sumFollows?: boolean
  /** In an offer: the sender can start anywhere. In an answer: which part is wanted. */
  readonly range?: { readonly offset: number; readonly length?: number }
}

const ALGORITHM = 'sha-256'
const SUM_BYTES = 32

/** The features to advertise for sums (XEP-0300). */
export const hashFeatures: readonly string[] = [ns.hashes, `urn:xmpp:hash-function-text-names:${ALGORITHM}`]

/** The `<description/>` of a file. */
export function formatDescription(file: DescribedFile): Element {
  const { name, size, mediaType, date, description, sha256, sumFollows, range } = file
  return xml(
    'description',
    { xmlns: ns.jingleFile },
    xml(
      'file',
      {},
      name && xml('name', {}, name),
      size !== undefined ? xml('size', {}, String(size)) : undefined,
      mediaType && xml('media-type', {}, mediaType),
      date && xml('date', {}, date),
      description && xml('desc', {}, description),
      range && xml('range', { offset: range.offset || undefined, length: range.length }),
      sha256 && formatHash(sha256),
      sumFollows ? xml('hash-used', { xmlns: ns.hashes, algo: ALGORITHM }) : undefined,
    ),
  )
}

/** Reads a `<description/>`; undefined when it describes no file, or not as XEP-0234 does. */
export function parseDescription(description: Element): DescribedFile | undefined {
  const file = description.is('description', ns.jingleFile) && description.getChild('file', ns.jingleFile)
  if (!file) return undefined
  const text = (name: string) => file.getChildText(name, ns.jingleFile)?.trim() || undefined
  const [sizeText, range] = [text('size'), file.getChild('range', ns.jingleFile)]
  const size = wholeNumber(sizeText)
  const offset = range && wholeNumber(attribute(range, 'offset') ?? '0')
  const length = range && wholeNumber(attribute(range, 'length'))
  if (sizeText !== undefined && size === undefined) return undefined
  if (range && (offset === undefined || (attribute(range, 'length') !== undefined && length === undefined))) {
    return undefined
  }
  const [name, mediaType, date, desc, sha256] = [
    text('name'),
    text('media-type'),
    text('date'),
    text('desc'),
    sumOf(file),
  ]
  const used = file.getChildren('hash-used', ns.hashes).some((each) => attribute(each, 'algo') === ALGORITHM)
  return {
    ...(name && { name }),
    ...(size !== undefined && { size }),
    ...(mediaType && { mediaType }),
    ...(date && { date }),
    ...(desc && { description: desc }),
    ...(sha256 && { sha256 }),
    ...(used && { sumFollows: true }),
    ...(offset !== undefined && { range: { offset, ...(length !== undefined && { length }) } }),
  }
}

/** The `<checksum/>` that tells the sum of a file once it is known. */
export function formatChecksum(content: { creator: Role; name: string }, sha256: string): Element {
  return xml('checksum', { xmlns: ns.jingleFile, ...content }, xml('file', {}, formatHash(sha256)))
}

/** The SHA-256 that a `<checksum/>` tells, in lowercase hex; undefined when it is none or tells none. */
export function parseChecksum(info: Element): string | undefined {
  const file = info.is('checksum', ns.jingleFile) && info.getChild('file', ns.jingleFile)
  return file ? sumOf(file) : undefined
}

/** The `<received/>` of who has the whole file. */
export function formatReceived(content: { creator: Role; name: string }): Element {
  return xml('received', { xmlns: ns.jingleFile, ...content })
}

/** XEP-0234 §9: the condition that goes with a reason. */
export function fileError(name: 'file-not-available' | 'file-too-large'): Element {
  return xml(name, { xmlns: ns.jingleFileErrors })
}

function formatHash(sha256: string): Element {
  return xml('hash', { xmlns: ns.hashes, algo: ALGORITHM }, Buffer.from(sha256, 'hex').toString('base64'))
}

function sumOf(file: Element): string | undefined {
  const hash = file.getChildren('hash', ns.hashes).find((each) => attribute(each, 'algo') === ALGORITHM)
  const sum = hash && decodeBase64(hash.text())
  return sum?.length === SUM_BYTES ? sum.toString('hex') : undefined
}
