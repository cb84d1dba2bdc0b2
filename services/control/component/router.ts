import { asFailure } from '../../shared/bytestream/failure.ts'
import { formatBareJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import type { Admittance } from '../../shared/component/iq-budget.ts'
import { toStanzaError } from '../../shared/component/refusal.ts'
import {
  errorReply,
  resultReply,
  StanzaError,
  type StanzaErrorCondition,
  type StanzaErrorShape,
} from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns, soleChild, xml } from '../../shared/xmpp/xml.ts'

/** The kinds of request that are told apart in metrics. */
export const iqKinds = [
  'disco-info',
  'disco-items',
  'ping',
  'version',
  'last',
  'address',
  'activate',
  'command',
  'other',
] as const
export type IqKind = (typeof iqKinds)[number]

/** One iq get or set to an address of ours. */
export interface IqRequest {
  /** Who asks, exactly as the server stamped it: the only identity that can be trusted. */
  readonly from: string
  /** The same, prepared. */
  readonly requester: Jid
  /** Resource of the address that was asked: a streamhost's name, or empty. */
  readonly resource: string
  readonly payload: Element
}

/** A kind of request and who answers it. */
export interface IqRoute {
  readonly kind: IqKind
  readonly type: 'get' | 'set'
  readonly name: string
  readonly namespace: string
  /** Gives the child of the result, undefined for an empty one; throws a `Failure` or a `StanzaError` to refuse. */
  handle(request: IqRequest): Element | undefined | Promise<Element | undefined>
}

export interface RouterParts {
  readonly routes: readonly IqRoute[]
  /** Whether `componentDomain/resource` is an address of ours. */
  readonly serves: (resource: string) => boolean
  /** Whether this sender may ask for something now. */
  readonly budget: { take(sender: Jid): Admittance }
  readonly events: {
    iqAnswered(kind: IqKind, outcome: 'result' | StanzaErrorCondition): void
    /** A handler threw what no handler should. */
    handlerFailed(kind: IqKind, error: unknown): void
    /** A request was refused because its sender asks too much, or dropped because it had been told so. */
    floodHeld(sender: Jid, held: 'refused' | 'dropped'): void
  }
}

/**
 * Gives the one answer a stanza gets, or undefined. Every iq get or set is answered exactly once, until its sender asks
 * too much: that is said once. Results, errors, messages and what we sent ourselves are never answered; a presence
 * subscription is declined.
 */
export function createRouter(
  { routes, serves, budget, events }: RouterParts,
  { componentDomain }: { readonly componentDomain: string },
): (stanza: Element) => Promise<Element | undefined> {
  return async (stanza) => {
    const sender = senderOf(stanza)
    if (!sender || sender.jid.domain === componentDomain) return undefined
    const name = stanza.getName()
    const type = attribute(stanza, 'type')
    const subscribes = name === 'presence' && type === 'subscribe'
    if (!subscribes && (name !== 'iq' || type === 'result' || type === 'error')) return undefined
    const admittance = budget.take(sender.jid)
    if (admittance !== 'admitted') {
      events.floodHeld(sender.jid, admittance)
      return admittance === 'refused' && name === 'iq' ? errorReply(stanza, tooMany, echoOf(stanza)) : undefined
    }
    return subscribes ? declined(stanza, sender.jid) : answerIq(stanza, sender, type)
  }

  async function answerIq(iq: Element, sender: Sender, type: string | undefined): Promise<Element | undefined> {
    const payload = soleChild(iq)
    const named = payload ? routes.filter(({ name, namespace }) => payload.is(name, namespace)) : []
    const route = named.find((candidate) => candidate.type === type)
    const kind = route?.kind ?? 'other'
    try {
      if ((type !== 'get' && type !== 'set') || !payload) {
        throw new StanzaError({
          condition: 'bad-request',
          text: 'An iq get or set has exactly one child, of bounded size',
        })
      }
      const resource = ownResource(iq)
      if (!route) throw new StanzaError({ condition: named.length > 0 ? 'bad-request' : 'service-unavailable' })
      const child = await route.handle({ from: sender.text, requester: sender.jid, resource, payload })
      events.iqAnswered(kind, 'result')
      return resultReply(iq, child)
    } catch (error) {
      const shape = refusalOf(error, kind)
      events.iqAnswered(kind, shape.condition)
      return errorReply(iq, shape, echoOf(iq))
    }
  }

  /** The resource of the address the iq came to. Throws when we do not serve that address. */
  function ownResource(iq: Element): string {
    const to = readJid(attribute(iq, 'to') ?? componentDomain)
    if (to?.domain !== componentDomain || to.local !== '') throw new StanzaError({ condition: 'service-unavailable' })
    if (to.resource !== '' && !serves(to.resource)) throw new StanzaError({ condition: 'item-not-found' })
    return to.resource
  }

  function refusalOf(error: unknown, kind: IqKind): StanzaErrorShape {
    if (error instanceof StanzaError) return error
    const failure = asFailure(error, `Cannot answer an iq of kind ${kind}`)
    if (failure !== error) events.handlerFailed(kind, error)
    return toStanzaError(failure)
  }
}

const tooMany: StanzaErrorShape = {
  condition: 'resource-constraint',
  text: 'You ask too much: further requests go unanswered until you have paused for some seconds',
}

interface Sender {
  readonly text: string
  readonly jid: Jid
}

/** Who sent a stanza; undefined when it cannot be read, and so cannot be answered either. */
function senderOf(stanza: Element): Sender | undefined {
  const text = attribute(stanza, 'from')
  const jid = text === undefined ? undefined : readJid(text)
  return text !== undefined && jid ? { text, jid } : undefined
}

function readJid(text: string): Jid | undefined {
  try {
    return parseJid(text)
  } catch {
    return undefined
  }
}

/** Old clients know by the SID which of their requests an error belongs to. */
function echoOf(iq: Element): Element | undefined {
  const query = iq.getChildElements().find((child) => child.is('query', ns.bytestreams))
  return query && xml('query', { xmlns: ns.bytestreams, sid: attribute(query, 'sid') })
}

/** A proxy has no presence to share. */
function declined(presence: Element, sender: Jid): Element {
  return xml('presence', {
    type: 'unsubscribed',
    id: attribute(presence, 'id'),
    from: attribute(presence, 'to'),
    to: formatBareJid(sender),
  })
}
