import { StanzaError } from '../../xmpp/stanza-error.ts'
import { type Action, outOfOrder, type Role, tieBreak, unknownSession } from './jingle.ts'

/** Where a session stands (XEP-0166 §5). `replacing`: who has asked for another transport and has no answer yet. */
export type SessionState =
  | { readonly state: 'pending' }
  | { readonly state: 'active'; readonly replacing?: Role }
  | { readonly state: 'ended' }

/** The state after an action by one side. Throws the `StanzaError` to answer when it is not the action's time. */
export function moveSession(current: SessionState, { action, by }: { action: Action; by: Role }): SessionState {
  if (current.state === 'ended') throw unknownSession()
  switch (action) {
    case 'session-terminate':
      return { state: 'ended' }
    case 'session-info':
    case 'content-remove':
      return current
    case 'session-accept':
      if (current.state !== 'pending' || by !== 'responder') throw outOfOrder()
      return { state: 'active' }
    case 'transport-info':
      // The initiator knows no candidate of the responder before the responder has accepted.
      if (current.state === 'pending' && by === 'initiator') throw outOfOrder()
      return current
    case 'transport-replace':
      if (current.state !== 'active' || current.replacing === by) throw outOfOrder()
      // XEP-0166 §7.2.14: of two at once the initiator's counts.
      if (current.replacing === 'initiator') throw tieBreak()
      return { state: 'active', replacing: by }
    case 'transport-accept':
    case 'transport-reject':
      if (current.state !== 'active' || !current.replacing || current.replacing === by) throw outOfOrder()
      return { state: 'active' }
    case 'session-initiate':
      throw outOfOrder('There is such a session already')
    default:
      throw new StanzaError({ condition: 'feature-not-implemented', text: 'A session is about one file, as offered' })
  }
}
