import type { Failure, FailureCode } from '../bytestream/failure.ts'
import type { StanzaErrorCondition, StanzaErrorShape } from '../xmpp/stanza-error.ts'

const conditionOf: Record<FailureCode, StanzaErrorCondition> = {
  malformed: 'bad-request',
  forbidden: 'forbidden',
  'not-found': 'item-not-found',
  'not-ready': 'not-allowed',
  taken: 'not-allowed',
  'over-limit': 'resource-constraint',
  unavailable: 'internal-server-error',
  internal: 'internal-server-error',
}

/** A failure as a stanza error. Faults of our own carry no text: it would name pods and addresses to a stranger. */
export function toStanzaError(failure: Failure): StanzaErrorShape {
  const condition = conditionOf[failure.code]
  return condition === 'internal-server-error' ? { condition } : { condition, text: failure.message }
}
