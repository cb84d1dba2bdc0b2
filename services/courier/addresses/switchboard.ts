import type { Jid } from '../../shared/bytestream/jid.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import type { Element } from '../../shared/xmpp/xml.ts'

/** All our addresses on one component stream: each has a session of its own, which sends as that address. */
export interface Switchboard {
  /** The session of an address of ours. It answers discovery and offers as any other does, and goes when nobody needs it. */
  session(address: Jid): Session
  /** Calls back with every presence stanza, of whatever type, to any of our addresses. */
  onPresence(listener: (presence: Element) => void): () => void
  /** Calls back with every message to any of our addresses, errors too. */
  onMessage(listener: (message: Element) => void): () => void
  /** Sends a stanza as it is. Throws `unavailable` while the component is not connected. */
  send(stanza: Element): Promise<void>
  /** Takes in a stanza from the server; resolves with its answer where it needs one. */
  receive(stanza: Element): Promise<Element | undefined>
  /** The component has connected, or lost its stream: requests that wait fail. */
  disconnected(cause: unknown): void
}
