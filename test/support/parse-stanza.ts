import assert from 'node:assert/strict'
import { type Element, Parser } from '@xmpp/xml'

/** The one stanza in `text`, as it would come out of a stream whose default namespace is `namespace`. */
export function parseStanza(text: string, namespace = 'jabber:component:accept'): Element {
  const parser = new Parser()
  const stanzas: Element[] = []
  parser.on('element', (element: Element) => stanzas.push(element))
  parser.write(`<stream:stream xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams'>${text}`)
  const [stanza] = stanzas
  assert.ok(stanza && stanzas.length === 1, `not one stanza: ${text}`)
  return stanza
}
