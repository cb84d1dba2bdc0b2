import { StanzaError } from '../../xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../../xmpp/xml.ts'

/** Who began a session, and who was asked (XEP-0166). */
export type Role = 'initiator' | 'responder'

/** Every action of XEP-0166 §7.2. */
export const actions = [
  'content-accept',
  'content-add',
  'content-modify',
  'content-reject',
  'content-remove',
  'description-info',
  'security-info',
  'session-accept',
  'session-info',
  'session-initiate',
  'session-terminate',
  'transport-accept',
  'transport-info',
  'transport-reject',
  'transport-replace',
] as const
export type Action = (typeof actions)[number]

/** Every reason of XEP-0166 §7.4. */
export const conditions = [
  'alternative-session',
  'busy',
  'cancel',
  'connectivity-error',
  'decline',
  'expired',
  'failed-application',
  'failed-transport',
  'general-error',
  'gone',
  'incompatible-parameters',
  'media-error',
  'security-error',
  'success',
  'timeout',
  'unsupported-applications',
  'unsupported-transports',
] as const
export type ReasonCondition = (typeof conditions)[number]

/** Why a session, or a part of it, ends. */
export interface Reason {
  readonly condition: ReasonCondition
  /** For people. */
  readonly text?: string
  /** The application's own condition, in its own namespace. */
  readonly app?: Element
}

/** One thing that a session is about, and how it travels. */
export interface Content {
  readonly creator: Role
  readonly name: string
  /** Absent means both (XEP-0166 §7.3), or that it does not matter to the action. */
  readonly senders?: string
  readonly description?: Element
  readonly transport?: Element
}

/** A `<jingle/>` element. */
export interface Jingle {
  readonly action: Action
  readonly sid: string
  readonly contents: readonly Content[]
  readonly reason?: Reason
  /** What is neither content nor reason: the payload of a session-info. */
  readonly info?: Element
}

/** Reads a `<jingle/>`. Throws the `StanzaError` to answer. */
export function parseJingle(element: Element): Jingle {
  const action = actions.find((each) => each === attribute(element, 'action'))
  const sid = attribute(element, 'sid')
  if (!action) throw badRequest('There is no such action')
  if (!sid) throw badRequest('The session has no sid')
  const reason = element.getChild('reason', ns.jingle)
  const info = element.getChildElements().find((child) => child.getNS() !== ns.jingle)
  return {
    action,
    sid,
    contents: element.getChildren('content', ns.jingle).map(parseContent),
    ...(reason && { reason: parseReason(reason) }),
    ...(info && { info }),
  }
}

/** A `<jingle/>`. */
export function formatJingle(
  attributes: {
    readonly action: Action
    readonly sid: string
    readonly initiator?: string
    readonly responder?: string
  },
  ...children: readonly (Element | undefined)[]
): Element {
  return xml('jingle', { xmlns: ns.jingle, ...attributes }, children)
}

/** A `<content/>`. */
export function formatContent({ creator, name, senders, description, transport }: Content): Element {
  return xml('content', { creator, name, senders }, description, transport)
}

/** A `<reason/>`. */
export function formatReason({ condition, text, app }: Reason): Element {
  return xml('reason', {}, xml(condition), text && xml('text', {}, text), app)
}

/** The answer to what cannot be understood. */
export function badRequest(text: string): StanzaError {
  return new StanzaError({ condition: 'bad-request', type: 'cancel', text })
}

/** The answer to anything about a session that is not live. */
export function unknownSession(): StanzaError {
  return jingleError('item-not-found', 'unknown-session')
}

/** The answer to what is not the session's turn. */
export function outOfOrder(text?: string): StanzaError {
  return jingleError('unexpected-request', 'out-of-order', text)
}

/** The answer to what we asked at the same moment, and our asking counts. */
export function tieBreak(): StanzaError {
  return jingleError('conflict', 'tie-break')
}

/** The answer to a session-info that means nothing to us. */
export function unsupportedInfo(): StanzaError {
  return new StanzaError({
    condition: 'feature-not-implemented',
    type: 'modify',
    app: xml('unsupported-info', { xmlns: ns.jingleErrors }),
  })
}

function jingleError(
  condition: 'conflict' | 'item-not-found' | 'unexpected-request',
  name: string,
  text?: string,
): StanzaError {
  return new StanzaError({
    condition,
    type: 'cancel',
    app: xml(name, { xmlns: ns.jingleErrors }),
    ...(text && { text }),
  })
}

function parseContent(element: Element): Content {
  const creator = attribute(element, 'creator')
  const name = attribute(element, 'name')
  if ((creator !== 'initiator' && creator !== 'responder') || name === undefined) {
    throw badRequest('A content has no creator or no name')
  }
  const senders = attribute(element, 'senders')
  const child = (of: string) => element.getChildElements().find((each) => each.getName() === of)
  const [description, transport] = [child('description'), child('transport')]
  return {
    creator,
    name,
    ...(senders !== undefined && { senders }),
    ...(description && { description }),
    ...(transport && { transport }),
  }
}

function parseReason(element: Element): Reason {
  const own = element.getChildElements().filter((child) => child.getNS() === ns.jingle)
  const condition = conditions.find((each) => own.some((child) => child.getName() === each)) ?? 'general-error'
  const text = own.find((child) => child.getName() === 'text')?.text()
  const app = element.getChildElements().find((child) => child.getNS() !== ns.jingle)
  return { condition, ...(text && { text }), ...(app && { app }) }
}
