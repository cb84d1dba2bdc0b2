import type { DiscoNodes } from '../../shared/xmpp/discovery.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import type { Element } from '../../shared/xmpp/xml.ts'

/** Something that addresses of ours can do: what discovery says of it, and who does it. Each is said only with the other. */
export interface Ability {
  readonly features: readonly string[]
  /** Data forms of disco#info. */
  readonly forms?: readonly Element[]
  readonly nodes?: DiscoNodes
  /**
   * Adds its handlers to the session of an address. They go with the session, which may be at any time when no request
   * is being worked on and nobody waits for one: what must be remembered for longer is not kept beside them.
   */
  attend?(session: Session): void
}
