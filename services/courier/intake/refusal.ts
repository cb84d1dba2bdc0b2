import { Failure } from '../../shared/bytestream/failure.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { QuotaExceeded } from '../records/quota-exceeded.ts'

/** What to answer to an offer that cannot be taken. Faults of our own carry no text. */
export function refusalOf(error: unknown): StanzaError {
  if (error instanceof StanzaError) return error
  if (error instanceof QuotaExceeded)
    return wait(error.retryAt ? `${error.message}; ${later(error.retryAt)}` : error.message)
  if (!(error instanceof Failure)) return new StanzaError({ condition: 'internal-server-error' })
  switch (error.code) {
    case 'over-limit':
      return wait(error.message)
    case 'taken':
      return wait('This file is coming already')
    case 'unavailable':
      return new StanzaError({ condition: 'internal-server-error', type: 'wait', text: 'Files cannot be kept now' })
    default:
      return new StanzaError({ condition: 'internal-server-error' })
  }
}

function wait(text: string): StanzaError {
  return new StanzaError({ condition: 'resource-constraint', type: 'wait', text })
}

function later(at: Date): string {
  return `try again after ${at.toISOString()}`
}
