import { attribute, type Element, ns, wholeNumber, xml } from '../../xmpp/xml.ts'

/** An in-band stream as XEP-0261 negotiates it. */
export interface InBandTransport {
  readonly sid: string
  /** Before base64. */
  readonly blockBytes: number
}

// The schema of XEP-0261 makes it a signed 16-bit number.
const MAX_BLOCK_BYTES = 32_767

/** The `<transport/>`. */
export function formatInBandTransport({ sid, blockBytes }: InBandTransport): Element {
  return xml('transport', { xmlns: ns.jingleInBand, sid, 'block-size': Math.min(blockBytes, MAX_BLOCK_BYTES) })
}

/** Reads a `<transport/>`; undefined when it is another one, or has no size that can be. */
export function parseInBandTransport(transport: Element): InBandTransport | undefined {
  const sid = attribute(transport, 'sid')
  const blockBytes = wholeNumber(attribute(transport, 'block-size'))
  if (!transport.is('transport', ns.jingleInBand) || !sid || !blockBytes || blockBytes > 65_535) return undefined
  return { sid, blockBytes }
}
