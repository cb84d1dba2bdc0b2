import type { Session } from '../../xmpp/session.ts'
import type { OnTransferEvent } from '../events.ts'
import { discoverProxies } from '../proxies.ts'
import type { DialOptions } from '../socks5-client.ts'
import { openDirectHost } from '../socks5-host.ts'
import type { ChooseStreamhosts, Streamhost } from '../streamhost.ts'
import { gatherCandidates } from './candidates.ts'
import type { Role } from './jingle.ts'
import type { JingleSession } from './jingle-session.ts'
import { SocksNegotiation } from './socks-negotiation.ts'

export interface OpenNegotiationParts {
  readonly session: Session
  readonly jingle: JingleSession
  readonly tell: OnTransferEvent
}

/** What the two roles decide about it, each in its own way. */
export interface OpenNegotiationOptions {
  readonly sid: string
  readonly role: Role
  /** Those of the initiator, for a responder: what he offers need not be offered again. */
  readonly offered?: readonly Streamhost[]
  readonly direct: boolean | readonly string[]
  readonly proxies?: readonly string[]
  readonly choose?: ChooseStreamhosts
  readonly dial?: DialOptions
  readonly stepTimeoutMs: number
  readonly signal: AbortSignal
}

/** Gathers our own candidates, listening where we are one ourselves, and opens the negotiation. The cleanup closes both. */
export async function openNegotiation(
  { session, jingle, tell }: OpenNegotiationParts,
  { sid, role, offered, direct, proxies, choose, dial, stepTimeoutMs, signal }: OpenNegotiationOptions,
  cleanup: DisposableStack,
): Promise<SocksNegotiation> {
  const directHost = direct === false ? undefined : await openDirectHost(direct === true ? undefined : direct)
  if (directHost) cleanup.adopt(directHost, (host) => host.close())
  const parts = { session, tell, ...(directHost && { directHost }) }
  const own = await gatherCandidates(parts, {
    proxies: proxies ?? (await discoverProxies(session, tell, signal)),
    role,
    ...(offered && { offered }),
    signal,
  })
  const waits = { peerTriesMs: stepTimeoutMs, activationMs: stepTimeoutMs }
  const negotiation = new SocksNegotiation(
    { jingle, ...parts },
    { sid, own, ...(choose && { choose }), ...(dial && { dial }), ...waits },
  )
  return cleanup.adopt(negotiation, (each) => each.close())
}
