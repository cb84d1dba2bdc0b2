import { StanzaError, type StanzaErrorShape } from '../xmpp/stanza-error.ts'
import { ns, xml } from '../xmpp/xml.ts'

/** The conditions that XEP-0050 §4.4 adds to a `bad-request`. */
type BadRequest = 'malformed-action' | 'bad-action' | 'bad-payload' | 'bad-sessionid'

/** A request that makes no sense for this command, or not now. */
export function badRequest(detail: BadRequest, text: string): StanzaError {
  return refusal({ condition: 'bad-request', text }, detail)
}

/** A session that was ours and is too old. */
export function sessionExpired(): StanzaError {
  return refusal({ condition: 'not-allowed', text: 'The session is over: begin again' }, 'session-expired')
}

/** Somebody who may use no command. The specification has it of type cancel, not auth. */
export function forbidden(): StanzaError {
  return new StanzaError({ condition: 'forbidden', type: 'cancel', text: 'There are no commands for you here' })
}

function refusal(shape: StanzaErrorShape, detail: string): StanzaError {
  return new StanzaError({ ...shape, app: xml(detail, { xmlns: ns.commands }) })
}
