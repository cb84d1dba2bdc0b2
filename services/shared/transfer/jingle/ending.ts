import { Failure, type FailureCode } from '../../bytestream/failure.ts'
import { StanzaError, type StanzaErrorCondition } from '../../xmpp/stanza-error.ts'
import { declined } from '../offer.ts'
import { fileError } from './file-description.ts'
import type { Reason, ReasonCondition, Role } from './jingle.ts'

/** A failure that ends the session with a reason of its own. */
export class JingleFailure extends Failure {
  readonly condition: ReasonCondition

  constructor(code: FailureCode, message: string, condition: ReasonCondition, cause?: unknown) {
    super(code, message, { cause })
    this.condition = condition
  }
}

const meanings: Readonly<Record<Exclude<ReasonCondition, 'cancel' | 'decline'>, readonly [FailureCode, string]>> = {
  'alternative-session': ['taken', 'another session takes its place'],
  busy: ['unavailable', 'it is busy'],
  'connectivity-error': ['unavailable', 'there is no way for the bytes'],
  expired: ['unavailable', 'it came too late'],
  'failed-application': ['unavailable', 'it cannot deal with the file'],
  'failed-transport': ['unavailable', 'the stream failed'],
  'general-error': ['unavailable', 'it failed'],
  gone: ['unavailable', 'it went away'],
  'incompatible-parameters': ['not-found', 'it cannot do what was asked'],
  'media-error': ['malformed', 'the file is not what was offered'],
  'security-error': ['forbidden', 'it is not secure enough'],
  success: ['unavailable', 'it was done before all was sent'],
  timeout: ['unavailable', 'nothing came in time'],
  'unsupported-applications': ['not-found', 'it takes no files'],
  'unsupported-transports': ['not-found', 'it knows no common way for the bytes'],
}

/** What it means to us that a peer has ended the session. Who declines, or cannot, is the same as one who did so by SI. */
export function errorOf({ condition, text, app }: Reason, peer: string, ourRole: Role): Error {
  if (condition === 'cancel' || condition === 'decline') {
    if (ourRole === 'initiator') return declined(text ?? `${peer} does not want the file`)
    return new Failure('unavailable', `${peer} broke the transfer off${text ? `: ${text}` : ''}`)
  }
  if (app?.is('file-too-large', fileError('file-too-large').getNS())) {
    return new Failure('over-limit', `${peer} does not take so large a file${text ? `: ${text}` : ''}`)
  }
  const [code, meaning] = meanings[condition]
  if (code === 'not-found' && ourRole === 'initiator') {
    return new StanzaError({ condition: 'feature-not-implemented', text: `${peer}: ${text ?? meaning} (${condition})` })
  }
  return new Failure(code, `${peer} ended the transfer: ${text ?? meaning} (${condition})`)
}

const byCode: Readonly<Record<FailureCode, ReasonCondition>> = {
  forbidden: 'decline',
  internal: 'general-error',
  malformed: 'media-error',
  'not-found': 'failed-application',
  'not-ready': 'failed-transport',
  'over-limit': 'media-error',
  taken: 'alternative-session',
  unavailable: 'failed-transport',
}

const byStanzaError: Readonly<Partial<Record<StanzaErrorCondition, ReasonCondition>>> = {
  forbidden: 'decline',
  'item-not-found': 'decline',
  'not-acceptable': 'decline',
  'policy-violation': 'decline',
  'resource-constraint': 'busy',
}

/** What to tell the peer about something that ends the session here. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof StanzaError) {
    return { condition: byStanzaError[error.condition] ?? 'general-error', ...textOf(error.text) }
  }
  // A fault of ours is not for strangers to read.
  if (!(error instanceof Failure) || error.code === 'internal') return { condition: 'general-error' }
  return {
    condition: error instanceof JingleFailure ? error.condition : byCode[error.code],
    ...textOf(error.message),
    ...(error.code === 'over-limit' && { app: fileError('file-too-large') }),
  }
}

function textOf(text: string | undefined): { text?: string } {
  return text ? { text } : {}
}
