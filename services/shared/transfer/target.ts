import type { Socket } from 'node:net'
import { digestOf } from '../bytestream/digest.ts'
import { formatJid, parseJid } from '../bytestream/jid.ts'
import type { Session } from '../xmpp/session.ts'
import { notMine, senderOf } from '../xmpp/session.ts'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../xmpp/xml.ts'
import { type OnTransferEvent, stepEvent, streamhostFailed } from './events.ts'
import { type DialOptions, dialStreamhost } from './socks5-client.ts'
import {
  bytestreamsQuery,
  type ChooseStreamhosts,
  describeStreamhost,
  parseStreamhosts,
  type Streamhost,
} from './streamhost.ts'

/** A stranger must not make us dial without end. */
const MAX_STREAMHOSTS = 16

export interface TargetParts {
  readonly session: Session
  readonly tell: OnTransferEvent
}

export interface TargetOptions {
  readonly sid: string
  /** The requester's full JID, as stamped on its stanzas. */
  readonly requester: string
  /** Default: all that are offered. */
  readonly choose?: ChooseStreamhosts
  readonly dial?: DialOptions
  readonly signal: AbortSignal
}

export interface AcceptedBytestream {
  /** Paused; the caller ends it. */
  readonly socket: Socket
  readonly streamhost: Streamhost
}

/**
 * The target's part of a SOCKS5 bytestream: waits for the requester's streamhosts and joins the first that works, in
 * document order (XEP-0065 §5.3.2). Rejects when none works, when the requester cannot be understood, or when the
 * signal aborts; the requester has had its answer by then.
 */
export function acceptBytestream(
  { session, tell }: TargetParts,
  { sid, requester, choose = async (offered) => offered, dial = {}, signal }: TargetOptions,
): Promise<AcceptedBytestream> {
  const { promise, resolve, reject } = Promise.withResolvers<AcceptedBytestream>()
  let busy = false

  async function join(query: Element, iq: Element): Promise<Element> {
    if (attribute(query, 'mode') === 'udp') throw new StanzaError({ condition: 'not-acceptable', text: 'Only TCP' })
    const own = attribute(iq, 'to') ?? formatJid(session.jid)
    const digest = digestOf(sid, parseJid(requester), parseJid(own))
    const offered = parseStreamhosts(query).slice(0, MAX_STREAMHOSTS)
    tell(stepEvent(9, requester, own, offered.map(({ host, port }) => `${host}:${port}`).join(' ')))
    const streamhosts = await choose(offered)
    for (const streamhost of streamhosts) {
      try {
        const socket = await dialStreamhost(streamhost, digest, { ...dial, signal })
        tell(stepEvent(10, own, streamhost.jid, `${streamhost.host}:${streamhost.port}`))
        resolve({ socket, streamhost })
        return bytestreamsQuery(sid, xml('streamhost-used', { jid: streamhost.jid }))
      } catch (error) {
        signal.throwIfAborted()
        tell(streamhostFailed(streamhost, error))
      }
    }
    throw new StanzaError({
      condition: 'item-not-found',
      text: `No streamhost can be reached: ${streamhosts.map(describeStreamhost).join(', ') || 'none that is used here was offered'}`,
    })
  }

  const remove = session.onIq({ type: 'set', name: 'query', namespace: ns.bytestreams }, async (query, iq) => {
    if (attribute(query, 'sid') !== sid || senderOf(iq, session) !== requester) return notMine
    if (busy) throw new StanzaError({ condition: 'not-acceptable', text: 'This bytestream is being joined already' })
    busy = true
    try {
      return await join(query, iq)
    } catch (error) {
      reject(error)
      throw error
    }
  })
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return promise.finally(() => {
    signal.removeEventListener('abort', abort)
    remove()
  })
}
