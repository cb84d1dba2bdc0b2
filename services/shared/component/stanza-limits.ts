import type { Parser } from '@xmpp/xml'

/**
 * What a stanza may be made of. What we answer has a tenth of it. The server takes what it likes from its users, and
 * none of them may end our stream by it: so a stanza beyond this is read to its end and keeps its first tag only.
 */
export const stanzaLimits = {
  /** Elements within elements, the stanza itself counted. */
  depth: 32,
  elements: 1_000,
  /** Of one element. */
  attributes: 64,
} as const

/** Keeps every stanza that this parser builds within the limits. One that is not has no children. */
export function limitStanzas(parser: Parser): Parser {
  const sax = parser.parser
  const passOn = { start: takeOver('startElement'), end: takeOver('endElement'), text: takeOver('text') }
  /** Open elements: 1 is the stream, 2 a stanza. */
  let level = 0
  /** The innermost open element that was passed on. */
  let kept = 0
  let elements = 0
  let cut = false

  function takeOver(event: string): (...args: unknown[]) => void {
    const listeners = sax.listeners(event)
    sax.removeAllListeners(event)
    return (...args) => {
      for (const listener of listeners) listener(...args)
    }
  }

  function isBeyond(attributes: object): boolean {
    const { depth, elements: most, attributes: mostAttributes } = stanzaLimits
    return level - 1 > depth || elements > most || Object.keys(attributes).length > mostAttributes
  }

  sax.on('startElement', (name: string, attributes: object) => {
    level += 1
    elements += 1
    if (level <= 2) {
      elements = 1
      cut = false
    } else {
      cut ||= isBeyond(attributes)
    }
    if (cut) return
    kept = level
    passOn.start(name, attributes)
  })
  sax.on('endElement', (name: string) => {
    if (cut && level === 2 && parser.cursor) parser.cursor.children = []
    if (level === kept) {
      kept -= 1
      passOn.end(name)
    }
    level -= 1
  })
  sax.on('text', (text: string) => {
    if (level === kept) passOn.text(text)
  })
  return parser
}
