import { version } from '../../services/shared/runtime/version.ts'
import { readStanzaError } from '../../services/shared/xmpp/stanza-error.ts'
import { attribute, Element, ns, xml } from '../../services/shared/xmpp/xml.ts'

/** A stanza as somebody may legally write it, and the answer it gets. */
export interface Golden {
  readonly fact: string
  /** From `{from}`, to `{to}`; either stands for what the test has there. */
  readonly stanza: string
  /** The answer's child or children without its envelope, or the condition of the error that it is. */
  readonly answer: { readonly result: string } | { readonly error: string }
}

const bs = ns.bytestreams
const address = `<query xmlns="${bs}"><streamhost host="relay.ex.com" jid="{to}" port="7777"/><streamhost host="2001:db8::1" jid="{to}/alt" port="443"/></query>`
const ask = (payload: string, attributes = `type='get' id='g1' from='{from}' to='{to}'`) =>
  `<iq ${attributes}>${payload}</iq>`
const set = (payload: string) => ask(payload, `type='set' id='g1' from='{from}' to='{to}'`)
const ping = `<ping xmlns='${ns.ping}'/>`
const versionAnswer = `<query xmlns="${ns.version}"><name>splice65</name><version>${version}</version></query>`

/** Odd but legal stanzas. */
export const golden: readonly Golden[] = [
  {
    fact: 'white space and line breaks around and inside the payload',
    stanza: ask(`\n\t <query\n  xmlns='${bs}'\n>\r\n </query\n>\n`),
    answer: { result: address },
  },
  {
    fact: 'a closing tag where an empty one would do',
    stanza: ask(`<ping xmlns='${ns.ping}'></ping>`),
    answer: { result: '' },
  },
  {
    fact: 'double quotes, and attributes in another order',
    stanza: ask(ping, `to="{to}" from="{from}" id="g1" type="get"`),
    answer: { result: '' },
  },
  {
    fact: 'white space around an equals sign',
    stanza: ask(`<query xmlns = '${ns.version}' />`),
    answer: { result: versionAnswer },
  },
  {
    fact: 'a prefix for the payload',
    stanza: ask(`<v:query xmlns:v='${ns.version}'/>`),
    answer: { result: versionAnswer },
  },
  {
    fact: 'a prefix declared on the iq',
    stanza: ask('<p:ping/>', `xmlns:p='${ns.ping}' type='get' id='g1' from='{from}' to='{to}'`),
    answer: { result: '' },
  },
  { fact: 'text beside the payload', stanza: ask(`hello ${ping} there`), answer: { result: '' } },
  {
    fact: 'xml:lang everywhere',
    stanza: ask(
      `<query xmlns='${ns.version}' xml:lang='de-CH'/>`,
      `type='get' id='g1' from='{from}' to='{to}' xml:lang='en'`,
    ),
    answer: { result: versionAnswer },
  },
  {
    fact: 'attributes that nobody knows',
    stanza: ask(`<query xmlns='${bs}' mode='udp' x='1' y:z='2' xmlns:y='urn:y'/>`),
    answer: { result: address },
  },
  {
    fact: 'children that nobody knows',
    stanza: ask(`<query xmlns='${bs}'><x xmlns='urn:x'><y/></x></query>`),
    answer: { result: address },
  },
  {
    fact: 'an id of characters that are escaped',
    stanza: ask(ping, `type='get' id='&lt;&quot;&apos;&amp;&gt; &#x1F600;' from='{from}' to='{to}'`),
    answer: { result: '' },
  },
  {
    fact: 'an id of a thousand characters',
    stanza: ask(ping, `type='get' id='${'i'.repeat(1_000)}' from='{from}' to='{to}'`),
    answer: { result: '' },
  },
  {
    fact: 'a node of no characters',
    stanza: ask(`<query xmlns='${ns.discoInfo}' node=''/>`),
    answer: { error: 'item-not-found cancel' },
  },
  { fact: 'two payloads', stanza: ask(ping + ping), answer: { error: 'bad-request modify' } },
  { fact: 'no payload', stanza: ask('  \n'), answer: { error: 'bad-request modify' } },
  {
    fact: 'a payload without a namespace of its own',
    stanza: ask('<query/>'),
    answer: { error: 'service-unavailable cancel' },
  },
  {
    fact: 'a good payload inside another',
    stanza: ask(`<x xmlns='urn:x'>${ping}</x>`),
    answer: { error: 'service-unavailable cancel' },
  },
  {
    fact: 'a sid of entities',
    stanza: set(`<query xmlns='${bs}' sid='&lt;s&amp;1&gt;'><activate>b@ex.org/T</activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'a target in CDATA',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate><![CDATA[b@ex.org/T]]></activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'a target half in CDATA, half in references',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate> b&#64;ex.<![CDATA[org/T]]>\n</activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'a target whose resource has every escape',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate>b@ex.org/&lt;&amp;&quot;&apos;&gt;</activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'a target whose resource is as long as it may be',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate>b@ex.org/${'r'.repeat(1_023)}</activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'a target whose resource is longer',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate>b@ex.org/${'r'.repeat(1_024)}</activate></query>`),
    answer: { error: 'jid-malformed modify' },
  },
  {
    fact: 'a target of another alphabet',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate>йожик@пример.рф/Ä 💡</activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'an activation between what nobody knows',
    stanza: set(`<query xmlns='${bs}' sid='s1'><x xmlns='urn:x'/>text<activate>b@ex.org/T</activate></query>`),
    answer: { result: '' },
  },
  {
    fact: 'an activation with a prefix',
    stanza: set(`<b:query xmlns:b='${bs}' sid='s1'><b:activate>b@ex.org/T</b:activate></b:query>`),
    answer: { result: '' },
  },
  {
    fact: 'an activation of another namespace',
    stanza: set(`<query xmlns='${bs}' sid='s1'><activate xmlns='urn:x'>b@ex.org/T</activate></query>`),
    answer: { error: 'bad-request modify' },
  },
  {
    fact: 'an activation and streamhost-used together',
    stanza: set(`<query xmlns='${bs}' sid='s1'><streamhost-used jid='x'/><activate>b@ex.org/T</activate></query>`),
    answer: { result: '' },
  },
]

/** A stanza of the corpus with its addresses put in. */
export function written(text: string, { from, to }: { readonly from: string; readonly to: string }): string {
  return text.replaceAll('{from}', from).replaceAll('{to}', to)
}

/** What an answer says, as the corpus writes it. */
export function substance(answer: Element): string {
  if (attribute(answer, 'type') === 'result') return answer.getChildElements().map(ordered).join('')
  const { condition, type } = readStanzaError(answer)
  return `${condition} ${type}`
}

/** The element with its attributes by name: their order means nothing, and Prosody writes them in another every time. */
function ordered(element: Element): Element {
  const attributes = Object.entries(element.attrs as Record<string, string>).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const children = element.children.map((child) => (child instanceof Element ? ordered(child) : child))
  return xml(element.name, Object.fromEntries(attributes), ...children)
}
