import type { Socket } from 'node:net'
import { digestOf } from '../bytestream/digest.ts'
import { Failure } from '../bytestream/failure.ts'
import { formatJid, parseJid } from '../bytestream/jid.ts'
import type { Session } from '../xmpp/session.ts'
import { attribute, ns, xml } from '../xmpp/xml.ts'
import { type OnTransferEvent, stepEvent } from './events.ts'
import { queryAllStreamhosts } from './proxies.ts'
import { type DialOptions, dialStreamhost } from './socks5-client.ts'
import type { DirectHost } from './socks5-host.ts'
import { bytestreamsQuery, formatStreamhost, type Streamhost } from './streamhost.ts'

export interface RequesterParts {
  readonly session: Session
  /** Our own streamhost, offered before the proxies. The caller closes it. */
  readonly directHost?: DirectHost
  readonly tell: OnTransferEvent
}

export interface RequesterOptions {
  readonly sid: string
  /** The target's full JID. */
  readonly target: string
  /** JIDs of the proxies to offer, the best first. */
  readonly proxies: readonly string[]
  /** How long the target may take to try every streamhost. Default 120 000. */
  readonly offerTimeoutMs?: number
  readonly dial?: DialOptions
  readonly signal?: AbortSignal
}

export interface RequestedBytestream {
  /** Paused; the caller ends it. */
  readonly socket: Socket
  readonly streamhost: Streamhost
  readonly direct: boolean
}

/**
 * The requester's part of a SOCKS5 bytestream: offers streamhosts, joins the one the target chose and activates it
 * (steps 7 to 14). Throws a `StanzaError` from the target or the proxy, a `DialFailure`, or a `Failure`.
 */
export async function requestBytestream(
  { session, directHost, tell }: RequesterParts,
  { sid, target, proxies, offerTimeoutMs = 120_000, dial = {}, signal }: RequesterOptions,
): Promise<RequestedBytestream> {
  const own = formatJid(session.jid)
  const digest = digestOf(sid, session.jid, parseJid(target))
  const direct = (directHost?.addresses ?? []).map((address) => ({ jid: own, ...address }))
  const mediated = await queryAllStreamhosts(session, proxies, tell, signal)
  const offered = [...direct, ...mediated]
  if (offered.length === 0)
    throw new Failure('unavailable', 'There is no streamhost to offer: no proxy, and no address of our own')

  const expectation = directHost?.expect(digest)
  try {
    tell(stepEvent(9, own, target, offered.map(({ host, port }) => `${host}:${port}`).join(' ')))
    const result = await session.request(
      xml(
        'iq',
        { type: 'set', to: target },
        xml('query', { xmlns: ns.bytestreams, sid, mode: 'tcp' }, offered.map(formatStreamhost)),
      ),
      { timeoutMs: offerTimeoutMs, ...(signal && { signal }) },
    )
    const used = result.getChild('query', ns.bytestreams)?.getChild('streamhost-used')
    const usedJid = used && attribute(used, 'jid')
    tell(stepEvent(10, target, usedJid ?? ''))
    tell(stepEvent(11, target, own, usedJid))
    const streamhost = offered.find(({ jid }) => jid === usedJid)
    if (!streamhost)
      throw new Failure('malformed', `${target} says it used a streamhost that was not offered: ${usedJid}`)
    if (expectation && streamhost.jid === own) return { socket: expectation.take(), streamhost, direct: true }

    const socket = await activateStreamhost(
      { session, tell },
      { streamhost, sid, target, dial, ...(signal && { signal }) },
    )
    return { socket, streamhost, direct: false }
  } finally {
    expectation?.cancel()
  }
}

/**
 * Joins a proxy of ours that the target has joined, and has it join the two (steps 12 to 14). Resolves with a paused socket
 * that the caller ends. Throws a `DialFailure`, or the proxy's `StanzaError`.
 */
export async function activateStreamhost(
  { session, tell }: Pick<RequesterParts, 'session' | 'tell'>,
  {
    streamhost,
    sid,
    target,
    dial = {},
    signal,
  }: Pick<RequesterOptions, 'sid' | 'target' | 'dial' | 'signal'> & { readonly streamhost: Streamhost },
): Promise<Socket> {
  const own = formatJid(session.jid)
  const digest = digestOf(sid, session.jid, parseJid(target))
  const socket = await dialStreamhost(streamhost, digest, { ...dial, ...(signal && { signal }) })
  tell(stepEvent(12, own, streamhost.jid, `${streamhost.host}:${streamhost.port}`))
  try {
    tell(stepEvent(13, own, streamhost.jid))
    await session.request(
      xml('iq', { type: 'set', to: streamhost.jid }, bytestreamsQuery(sid, xml('activate', {}, target))),
      { ...(signal && { signal }) },
    )
    tell(stepEvent(14, streamhost.jid, own))
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}
