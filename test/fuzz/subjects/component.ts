import assert from 'node:assert/strict'
import { Parser } from '@xmpp/xml'
import type { Activation } from '../../../services/control/bytestreams/activator.ts'
import { digestAsTyped } from '../../../services/shared/bytestream/digest.ts'
import { formatJid, type Jid, parseJid } from '../../../services/shared/bytestream/jid.ts'
import { limitStanzas } from '../../../services/shared/component/stanza-limits.ts'
import { attribute, type Element, ns } from '../../../services/shared/xmpp/xml.ts'
import { golden, written } from '../../golden/corpus.ts'
import { answeringControl } from '../../support/answering-control.ts'
import { parseStanza } from '../../support/parse-stanza.ts'
import type { Choices } from '../choices.ts'
import type { Subject } from '../subject.ts'
import { copyOf, mutateStanza } from './stanza-mutation.ts'

const componentDomain = 'proxy.ex.com'
/** What the largest answers have beside what they repeat of the request. */
const ownBytes = 4_096

const seeds = [
  ...golden.map(({ stanza }) => written(stanza, { from: 'alice@ex.com/phone', to: componentDomain })),
  ...['disco#info', 'disco#items'].map(
    (query) =>
      `<iq type='get' id='1' from='ann@ex.com/desk' to='${componentDomain}'><query xmlns='http://jabber.org/protocol/${query}' node='${ns.commands}'/></iq>`,
  ),
  `<iq type='get' id='1' from='ann@ex.com/desk' to='${componentDomain}'><query xmlns='${ns.lastActivity}'/></iq>`,
  `<iq type='set' id='1' from='ann@ex.com/desk' to='${componentDomain}'><command xmlns='${ns.commands}' node='splice65:list-bytestreams'/></iq>`,
  `<presence type='subscribe' from='alice@ex.com' to='${componentDomain}'/>`,
].map((text) => parseStanza(text))

/** Every IQ handler of control behind its router, by stanzas that begin as good ones, read as the component stream reads. */
export function openComponent(): Promise<Subject<string>> {
  return openAnswering((choices) =>
    String(mutateStanza(seeds[choices.below(seeds.length)] ?? (seeds[0] as Element), choices)),
  )
}

/** The forms that commands ask to be filled in, within a session that is good. */
export async function openForms(): Promise<Subject<string>> {
  const { answer } = answeringControl()
  const nodes = { 'drain-relay': ['relay', 'r0'], 'end-bytestream': ['bytestream', 'r0/b1'] } as const
  const filled = await Promise.all(
    Object.entries(nodes).map(async ([node, [field, value]]) => {
      const command = (attributes: string, form = '') =>
        `<iq type='set' id='1' from='ann@ex.com/desk' to='${componentDomain}'><command xmlns='${ns.commands}' node='splice65:${node}'${attributes}>${form}</command></iq>`
      const begun = await answer(parseStanza(command('')))
      const session = begun?.getChild('command', ns.commands)?.attrs.sessionid
      assert.ok(typeof session === 'string', `${node} begins no session`)
      const form = `<x xmlns='${ns.dataForm}' type='submit'><field var='FORM_TYPE'><value>splice65:${node}</value></field><field var='${field}'><value>${value}</value></field></x>`
      return parseStanza(command(` sessionid='${session}' action='complete'`, form))
    }),
  )
  const [first] = filled
  assert.ok(first)
  return openAnswering((choices) => String(mutateStanza(filled[choices.below(filled.length)] ?? first, choices)))
}

async function openAnswering(make: (choices: Choices) => string): Promise<Subject<string>> {
  const activations: Activation[] = []
  const control = answeringControl({
    activate: async (activation) => {
      activations.push(activation)
      return { outcome: 'joined', relays: [] }
    },
  })
  return {
    make,
    show: (text) => text,
    async check(text) {
      const stanza = read(text)
      if (!stanza) return
      activations.length = 0
      control.faults.length = 0
      const answer = await control.answer(stanza)
      assert.deepEqual(control.faults, [], 'a handler threw what is no failure')
      const sender = senderOf(stanza)
      const type = attribute(stanza, 'type')
      const asks = sender && stanza.getName() === 'iq' && type !== 'result' && type !== 'error'
      const subscribes = sender && stanza.getName() === 'presence' && type === 'subscribe'
      assert.equal(answer !== undefined, Boolean(asks || subscribes), 'whether it is answered')
      if (!answer) return assert.deepEqual(activations, [], 'what is not answered does nothing')
      if (asks) assertAnswers(answer, stanza)
      assertJoinedRightly(activations, stanza, answer)
      assert.equal(await control.answer(returned(answer)), undefined, 'an answer is answered')
    },
  }
}

/** The stanza as it comes out of a component stream; undefined for what ends the stream. */
function read(text: string): Element | undefined {
  const parser = limitStanzas(new Parser())
  const stanzas: Element[] = []
  let broken = false
  parser.on('element', (element: Element) => stanzas.push(element))
  parser.on('error', () => {
    broken = true
  })
  parser.write(`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>${text}`)
  return broken ? undefined : stanzas[0]
}

function senderOf(stanza: Element): Jid | undefined {
  try {
    const sender = parseJid(attribute(stanza, 'from') ?? '')
    return sender.domain === componentDomain ? undefined : sender
  } catch {
    return undefined
  }
}

function assertAnswers(answer: Element, iq: Element): void {
  assert.equal(answer.getName(), 'iq')
  assert.ok(['result', 'error'].includes(attribute(answer, 'type') ?? ''), 'an answer is a result or an error')
  assert.equal(attribute(answer, 'id'), attribute(iq, 'id'))
  assert.equal(attribute(answer, 'to'), attribute(iq, 'from'))
  assert.equal(attribute(answer, 'from'), attribute(iq, 'to'))
  const [asked, answered] = [String(iq).length, String(answer).length]
  assert.ok(answered <= asked + ownBytes, `${answered} characters answer ${asked}`)
}

/** A success only for who may, and only for the digest of who asked and what for. */
function assertJoinedRightly(activations: readonly Activation[], iq: Element, answer: Element): void {
  const query = iq.getChildElements().find((child) => child.is('query', ns.bytestreams))
  const succeeded = query && attribute(iq, 'type') === 'set' && attribute(answer, 'type') === 'result'
  assert.equal(activations.length, succeeded ? 1 : 0, 'a success for each activation')
  const [activation] = activations
  if (!activation || !query) return
  const requester = parseJid(attribute(iq, 'from') ?? '')
  assert.ok(requester.domain === 'ex.com' || requester.domain.endsWith('.ex.com'), 'a stranger was served')
  assert.notEqual(requester.local, 'mallory')
  const target = formatJid(parseJid(query.getChildText('activate', ns.bytestreams) ?? ''))
  const digest = digestAsTyped(attribute(query, 'sid') ?? '', formatJid(requester), target)
  assert.equal(activation.rooms[0].digest, digest, 'it is another digest that is activated')
}

/** An answer as another proxy, which sent the request, would hand it back if it answered answers. */
function returned(answer: Element): Element {
  const stanza = copyOf(answer)
  stanza.attrs.from = attribute(answer, 'to')
  stanza.attrs.to = componentDomain
  return stanza
}
