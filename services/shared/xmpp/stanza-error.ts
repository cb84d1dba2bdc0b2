import { attribute, type Element, ns, xml } from './xml.ts'

/** The type a condition has unless a specification says another (RFC 6120 §8.3.3). */
const usualTypes = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
} as const satisfies Record<string, StanzaErrorType>

export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'
export type StanzaErrorCondition = keyof typeof usualTypes

/** What a stanza error says. */
export interface StanzaErrorShape {
  readonly condition: StanzaErrorCondition
  /** Left out: the condition's usual type. */
  readonly type?: StanzaErrorType
  /** For people; clients may show it. */
  readonly text?: string
  /** The application's own condition, in its own namespace. */
  readonly app?: Element
}

/** A stanza error, received from a peer or about to be answered to one. */
export class StanzaError extends Error implements StanzaErrorShape {
  override readonly name = 'StanzaError'
  readonly condition: StanzaErrorCondition
  readonly type: StanzaErrorType
  readonly text?: string
  readonly app?: Element

  constructor(shape: StanzaErrorShape) {
    super(shape.text ? `${shape.condition}: ${shape.text}` : shape.condition)
    this.condition = shape.condition
    this.type = shape.type ?? usualTypes[shape.condition]
    if (shape.text !== undefined) this.text = shape.text
    if (shape.app !== undefined) this.app = shape.app
  }
}

/** A stanza error with what it stood in the way of; everything else as it is. */
export function explainStanzaError(error: unknown, attempt: string): unknown {
  if (!(error instanceof StanzaError)) return error
  return new StanzaError({ ...error, text: error.text ? `${attempt}: ${error.text}` : attempt })
}

/** The `<error/>` element alone. */
export function errorElement(shape: StanzaErrorShape): Element {
  return xml(
    'error',
    { type: shape.type ?? usualTypes[shape.condition] },
    xml(shape.condition, { xmlns: ns.stanzas }),
    shape.text && xml('text', { xmlns: ns.stanzas, 'xml:lang': 'en' }, shape.text),
    shape.app,
  )
}

/** The error answer to an iq get or set. `echo` is the payload to repeat, which old clients match on. */
export function errorReply(iq: Element, shape: StanzaErrorShape, echo?: Element): Element {
  return xml('iq', replyAttributes(iq, 'error'), echo, errorElement(shape))
}

/** The result answer to an iq get or set; empty without `child`. */
export function resultReply(iq: Element, child?: Element): Element {
  return xml('iq', replyAttributes(iq, 'result'), child)
}

/** Reads the `<error/>` of a stanza of type error. A missing or unknown condition reads as `undefined-condition`. */
export function readStanzaError(stanza: Element): StanzaError {
  const error = stanza.getChildElements().find((child) => child.getName() === 'error')
  const children = error?.getChildElements() ?? []
  const condition = children.find((child) => child.getNS() === ns.stanzas && isCondition(child.getName()))?.getName()
  const text = children.find((child) => child.is('text', ns.stanzas))?.text()
  const app = children.find((child) => child.getNS() !== ns.stanzas)
  const type = error && attribute(error, 'type')
  return new StanzaError({
    condition: isCondition(condition) ? condition : 'undefined-condition',
    ...(isType(type) && { type }),
    ...(text && { text }),
    ...(app && { app }),
  })
}

function replyAttributes(iq: Element, type: 'result' | 'error'): Record<string, string> {
  const attributes: Record<string, string> = { type }
  const { id, from, to } = { id: attribute(iq, 'id'), from: attribute(iq, 'from'), to: attribute(iq, 'to') }
  if (id !== undefined) attributes.id = id
  if (from !== undefined) attributes.to = from
  if (to !== undefined) attributes.from = to
  return attributes
}

function isCondition(name: string | undefined): name is StanzaErrorCondition {
  return name !== undefined && Object.hasOwn(usualTypes, name)
}

function isType(type: string | undefined): type is StanzaErrorType {
  return type !== undefined && ['auth', 'cancel', 'continue', 'modify', 'wait'].includes(type)
}
