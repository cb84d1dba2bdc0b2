import { Element, ns, xml } from '../../../services/shared/xmpp/xml.ts'
import type { Choices } from '../choices.ts'

const names = [
  'iq',
  'query',
  'activate',
  'ping',
  'command',
  'x',
  'field',
  'value',
  'presence',
  'message',
  'error',
  'b:query',
  'streamhost',
  'streamhost-used',
  'set',
] as const
const attributes = [
  'type',
  'from',
  'to',
  'id',
  'sid',
  'node',
  'sessionid',
  'action',
  'var',
  'mode',
  'xmlns',
  'xml:lang',
  'xmlns:b',
  '__proto__',
  'constructor',
] as const
const values = [
  ...['get', 'set', 'result', 'error', 'ask', 'subscribe', ''],
  ...[
    'alice@ex.com/phone',
    'ann@ex.com/desk',
    'ex.com',
    'mallory@ex.com/x',
    'eve@ex.org/x',
    'proxy.ex.com',
    'proxy.ex.com/alt',
    'x@proxy.ex.com',
    '@',
    'a@b@c',
    'proxy.ex.com/',
  ],
  ...[
    'splice65:drain-relay',
    'splice65:end-bytestream',
    'splice65:list-bytestreams',
    'splice65:statistics',
    ns.commands,
  ],
  ...[
    'execute',
    'next',
    'prev',
    'cancel',
    'complete',
    'submit',
    'form',
    'relay',
    'bytestream',
    'r0',
    'r0/b1',
    '/',
    'FORM_TYPE',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\u202e',
    '\n{"level":"error"}',
    '\u{1f600}',
    '\ud800',
    'ü'.repeat(600),
    'x'.repeat(5_000),
    '<&"\'>',
    '-1',
    '1e999',
  ],
] as const
const namespaces = Object.values(ns) as [string, ...string[]]

/** Changes a stanza in a few places, so that it is still XML. */
export function mutateStanza(stanza: Element, choices: Choices): Element {
  let mutated = copyOf(stanza)
  for (let changes = choices.below(5); changes > 0; changes--) mutated = changed(mutated, choices)
  return mutated
}

function changed(stanza: Element, choices: Choices): Element {
  const all = [stanza, ...descendants(stanza)]
  const element = all[choices.below(all.length)] ?? stanza
  switch (choices.below(9)) {
    case 0:
      element.attrs[choices.pick(attributes)] = choices.pick(values)
      break
    case 1:
      delete element.attrs[choices.pick(attributes)]
      break
    case 2:
      element.attrs.xmlns = choices.pick(namespaces)
      break
    case 3:
      element.children.splice(choices.below(element.children.length + 1), 1)
      break
    case 4:
      element.cnode(xml(choices.pick(names), { xmlns: choices.pick(namespaces) }))
      break
    case 5:
      element.t(choices.pick(values))
      break
    case 6: {
      const child = element.children[choices.below(element.children.length || 1)]
      if (child instanceof Element) element.cnode(copyOf(child))
      break
    }
    case 7:
      element.name = choices.pick(names)
      break
    default:
      for (let level = choices.below(60), at = element; level > 0; level--) at = at.cnode(xml('x'))
  }
  return stanza
}

/** The same once more, to be changed. */
export function copyOf(element: Element): Element {
  const copy = xml(element.name, element.attrs)
  for (const child of element.children) {
    if (child instanceof Element) copy.cnode(copyOf(child))
    else copy.t(child)
  }
  return copy
}

function descendants(element: Element): Element[] {
  return element.children.flatMap((child) => (child instanceof Element ? [child, ...descendants(child)] : []))
}
