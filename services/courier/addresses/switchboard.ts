import { type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Admittance } from '../../shared/component/iq-budget.ts'
import { version } from '../../shared/runtime/version.ts'
import { type Capabilities, createCapabilities } from '../../shared/xmpp/caps.ts'
import { answerDiscovery, type EntityInfo, type Identity } from '../../shared/xmpp/discovery.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import {
  errorElement,
  errorReply,
  readStanzaError,
  type StanzaErrorCondition,
  type StanzaErrorShape,
} from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns, soleChild, xml } from '../../shared/xmpp/xml.ts'
import type { Ability } from './ability.ts'
import { ownResource, userOf } from './address.ts'
import { Echo } from './echo.ts'
import { Lines } from './lines.ts'

/** All our addresses on one component stream: each has a session of its own, which sends as that address. */
export interface Switchboard {
  /**
   * The session of an address of ours: of a user, from its one resource, or of the component itself. It answers
   * discovery and offers as any other does. It need not be closed: nothing is kept of it while nobody uses it.
   */
  session(address: Pick<Jid, 'local'>): Session
  /** Calls back with every presence stanza, of whatever type, to any of our addresses. The answer ends that. */
  onPresence(listener: (presence: Element) => void): () => void
  /** Calls back with every message to any of our addresses, errors too. The answer ends that. */
  onMessage(listener: (message: Element) => void): () => void
  /** Lets the component itself, or the addresses of users, do something from now on. */
  enable(who: Owner, ability: Ability): void
  /** The capabilities to send in presence (XEP-0115), as they are now. */
  capabilities(who: Owner): Element
  /** Sends a stanza as it is. Throws `unavailable` while the component is not connected. */
  send(stanza: Element): Promise<void>
  /** Resolves when the server has taken in all that was sent before. Throws `unavailable` when it does not say so. */
  settled(): Promise<void>
  /** Takes in a stanza from the server; resolves with its answer where it needs one. Never throws. */
  receive(stanza: Element): Promise<Element | undefined>
  /** The component has lost its stream: requests that wait fail. */
  disconnected(cause: unknown): void
}

/** Whose an address is: the component's own, or that of a user whom it stands for. */
export type Owner = 'service' | 'user'

export interface SwitchboardParts {
  /** Onto the component stream. Throws `unavailable` while there is none. */
  readonly send: (stanza: Element) => Promise<void>
  /** Whether this sender may ask for something now. */
  readonly budget: { take(sender: Jid): Admittance }
  readonly events: SwitchboardEvents
}

/** What a switchboard has to tell. */
export interface SwitchboardEvents {
  /** A request was answered. */
  iqAnswered(outcome: 'result' | StanzaErrorCondition): void
  /** A handler threw what no handler should. */
  handlerFailed(error: unknown): void
  /** A request was refused because its sender asks too much, or dropped because he had been told so. */
  floodHeld(sender: Jid, held: 'refused' | 'dropped'): void
}

export interface SwitchboardOptions {
  readonly componentDomain: string
  /** What clients show for the courier and its addresses. */
  readonly discoName: string
}

/** Names the software, in capabilities. */
const software = 'https://github.com/splice65/splice65'

const identities: Readonly<Record<Owner, Omit<Identity, 'name'>>> = {
  // XEP-0363 §3 wants this of a service that takes uploads.
  service: { category: 'store', type: 'file' },
  user: { category: 'client', type: 'bot' },
}

/**
 * Builds a switchboard. Every iq get or set to an address of ours is answered exactly once, until its sender asks too
 * much: that is said once. Blocks of in-band streams that were accepted cost their sender nothing of his budget.
 */
export function createSwitchboard(
  { send, budget, events }: SwitchboardParts,
  { componentDomain, discoName }: SwitchboardOptions,
): Switchboard {
  const abilities: Record<Owner, Ability[]> = { service: [versionAbility], user: [versionAbility] }
  /** Computed when they are first asked for. */
  const capabilities = new Map<Owner, Capabilities>()
  const presenceListeners = new Set<(presence: Element) => void>()
  const messageListeners = new Set<(message: Element) => void>()
  const echo = new Echo({ send }, { componentDomain })
  const lines = new Lines({ send, attend, onFault: events.handlerFailed }, { componentDomain })

  function attend(session: Session): void {
    const owner = ownerOf(session.jid)
    const nodes = abilities[owner].flatMap((ability) => ability.nodes ?? [])
    answerDiscovery(session, describe(owner), [capabilitiesOf(owner).nodes, ...nodes])
    for (const ability of abilities[owner]) ability.attend?.(session)
  }

  function describe(owner: Owner): EntityInfo {
    const own = abilities[owner]
    return {
      identities: [{ ...identities[owner], name: discoName }],
      features: new Set([
        ns.caps,
        ns.jidEscaping,
        ...(owner === 'service' ? [ns.courier] : []),
        ...own.flatMap(({ features, nodes }) => [...features, ...(nodes?.features ?? [])]),
      ]),
      forms: own.flatMap(({ forms = [] }) => forms),
    }
  }

  function capabilitiesOf(owner: Owner): Capabilities {
    const own = capabilities.get(owner) ?? createCapabilities(describe(owner), software)
    capabilities.set(owner, own)
    return own
  }

  async function receive(stanza: Element): Promise<Element | undefined> {
    const from = readJid(attribute(stanza, 'from'))
    const to = readJid(attribute(stanza, 'to'))
    // What nobody sent cannot be answered; what we sent ourselves need not be.
    if (from?.domain === componentDomain) echo.hear(stanza)
    if (!from || from.domain === componentDomain || to?.domain !== componentDomain) return undefined
    switch (stanza.getName()) {
      case 'iq':
        return receiveIq(stanza, from, to)
      case 'presence':
        if (isRequest(stanza) && hold(from)) return undefined
        for (const listener of [...presenceListeners]) listener(stanza)
        return undefined
      case 'message':
        await lines.receive(to.local, stanza)
        for (const listener of [...messageListeners]) listener(stanza)
        return isWords(stanza) && !hold(from) ? unread(stanza, to) : undefined
      default:
        return undefined
    }
  }

  async function receiveIq(iq: Element, from: Jid, to: Jid): Promise<Element | undefined> {
    const type = attribute(iq, 'type')
    if (type === 'result' || type === 'error') return lines.receive(to.local, iq)
    if (type !== 'get' && type !== 'set') return told(errorReply(iq, { condition: 'bad-request' }))
    const isBlock = soleChild(iq)?.is('data', ns.ibb) === true
    const held = isBlock ? undefined : hold(from)
    if (held) return refuse(iq, held)
    const absence = absenceOf(to)
    const answer = absence ? errorReply(iq, absence) : await lines.receive(to.local, iq)
    // A block of a stream that nobody accepted is a request like any other.
    const heldBlock = isBlock && answer?.attrs.type === 'error' ? hold(from) : undefined
    return heldBlock ? refuse(iq, heldBlock) : told(answer)
  }

  /** How a sender is held who asks too much; undefined for one who may ask. */
  function hold(sender: Jid): 'refused' | 'dropped' | undefined {
    const admittance = budget.take(sender)
    if (admittance === 'admitted') return undefined
    events.floodHeld(sender, admittance)
    return admittance
  }

  function told(answer: Element | undefined): Element | undefined {
    if (answer) events.iqAnswered(answer.attrs.type === 'error' ? readStanzaError(answer).condition : 'result')
    return answer
  }

  return {
    session: ({ local }) => lines.session(local),
    onPresence(listener) {
      presenceListeners.add(listener)
      return () => presenceListeners.delete(listener)
    },
    onMessage(listener) {
      messageListeners.add(listener)
      return () => messageListeners.delete(listener)
    },
    enable(owner, ability) {
      abilities[owner].push(ability)
      capabilities.delete(owner)
    },
    capabilities: (owner) => capabilitiesOf(owner).element,
    send,
    settled: () => echo.settled(),
    receive,
    disconnected(cause) {
      lines.end(cause)
      echo.disconnected(cause)
    },
  }
}

const versionAbility: Ability = {
  features: [ns.version],
  attend(session) {
    session.onIq({ type: 'get', name: 'query', namespace: ns.version }, () =>
      xml('query', { xmlns: ns.version }, xml('name', {}, 'splice65'), xml('version', {}, version)),
    )
  },
}

const tooMany: StanzaErrorShape = {
  condition: 'resource-constraint',
  text: 'You ask too much: further requests go unanswered until you have paused for some seconds',
}

function refuse(iq: Element, held: 'refused' | 'dropped'): Element | undefined {
  return held === 'refused' ? errorReply(iq, tooMany) : undefined
}

function ownerOf({ local }: Jid): Owner {
  return local === '' ? 'service' : 'user'
}

/** Why there is nobody at an address; undefined when there is somebody. */
function absenceOf(to: Jid): StanzaErrorShape | undefined {
  if (to.local !== '' && userOf(to) === undefined) return { condition: 'item-not-found' }
  const hasResource = to.resource === '' || (to.local !== '' && to.resource === ownResource)
  return hasResource ? undefined : { condition: 'service-unavailable' }
}

/** Whether somebody writes to us, as to a person. */
function isWords(message: Element): boolean {
  const type = attribute(message, 'type') ?? 'normal'
  return (type === 'chat' || type === 'normal') && message.getChild('body') !== undefined
}

/** The answer to words: an address looks like a person on a roster, and who writes to it should not wait for an answer. */
function unread(message: Element, to: Jid): Element {
  const user = userOf(to)
  const text = user === undefined ? 'This is a service for files' : `This address is for files only: write to ${user}`
  const { id, from, to: own } = message.attrs
  return xml('message', { type: 'error', id, from: own, to: from }, errorElement({ condition: 'not-acceptable', text }))
}

/** Presence that somebody wants something with, and which costs us more than to read it. */
function isRequest(presence: Element): boolean {
  return ['subscribe', 'unsubscribe', 'probe'].includes(attribute(presence, 'type') ?? '')
}

function readJid(text: string | undefined): Jid | undefined {
  try {
    return text === undefined ? undefined : parseJid(text)
  } catch {
    return undefined
  }
}
