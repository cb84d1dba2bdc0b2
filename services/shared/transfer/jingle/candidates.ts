import { formatJid } from '../../bytestream/jid.ts'
import type { Session } from '../../xmpp/session.ts'
import type { OnTransferEvent } from '../events.ts'
import { queryAllStreamhosts } from '../proxies.ts'
import type { DirectHost } from '../socks5-host.ts'
import type { Streamhost } from '../streamhost.ts'
import type { Role } from './jingle.ts'
import { type Candidate, ownCandidates } from './socks-transport.ts'

export interface CandidateParts {
  readonly session: Session
  /** Our own streamhost. */
  readonly directHost?: DirectHost
  readonly tell: OnTransferEvent
}

/**
 * The candidates we can offer: our own addresses, and those that the proxies tell; none where none answers. What the peer
 * has offered already is left out, as XEP-0260 §2.3 wants.
 */
export async function gatherCandidates(
  { session, directHost, tell }: CandidateParts,
  {
    proxies,
    role,
    offered = [],
    signal,
  }: {
    readonly proxies: readonly string[]
    readonly role: Role
    readonly offered?: readonly Streamhost[]
    readonly signal: AbortSignal
  },
): Promise<Candidate[]> {
  const proxied = await queryAllStreamhosts(session, proxies, tell, signal).catch(() => [])
  signal.throwIfAborted()
  const direct = (directHost?.addresses ?? []).map((address) => ({ jid: formatJid(session.jid), ...address }))
  const isNew = ({ host, port }: Streamhost) => !offered.some((other) => other.host === host && other.port === port)
  return ownCandidates(direct.filter(isNew), proxied.filter(isNew), role)
}
