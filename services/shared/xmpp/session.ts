import { randomUUID } from 'node:crypto'
import { Failure } from '../bytestream/failure.ts'
import { formatJid, type Jid, parseJid } from '../bytestream/jid.ts'
import { errorReply, readStanzaError, resultReply, StanzaError } from './stanza-error.ts'
import { attribute, type Element, soleChild } from './xml.ts'

/** What an iq handler answers to say that the request belongs to another handler. */
export const notMine = Symbol('not mine')

/**
 * Answers one kind of iq. The returned element becomes the result's child; undefined is an empty result; a thrown
 * `StanzaError` becomes the error answer, with the payload repeated.
 */
export type IqHandler = (payload: Element, iq: Element) => Answer | Promise<Answer>
type Answer = Element | undefined | typeof notMine

export interface IqRoute {
  /** Left out: both. */
  readonly type?: 'get' | 'set'
  readonly name: string
  readonly namespace: string
}

export interface RequestOptions {
  /** Default 60 000: some answers wait for another party's connection attempts (XEP-0065 §5.3). */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** One XMPP address that can ask and be asked, whatever connects it: a client's stream or a component's. */
export interface Session {
  /** The full JID others reach it by. */
  readonly jid: Jid
  /**
   * Sends an iq get or set and resolves with the whole result stanza. The id is given here. Throws a `StanzaError` that
   * the peer answered, or `unavailable` when there is no answer in time or the connection ends.
   */
  request(iq: Element, options?: RequestOptions): Promise<Element>
  /** Handles a kind of iq; of several handlers the newest is tried first. The answer takes it away. */
  onIq(route: IqRoute, handler: IqHandler): () => void
  /** Sees every message. The answer takes it away. */
  onMessage(handler: (message: Element) => void): () => void
  /** Sees every presence. The answer takes it away. */
  onPresence(handler: (presence: Element) => void): () => void
  send(stanza: Element): Promise<void>
}

/** The connection's side of a session. */
export interface SessionPort {
  readonly session: Session
  /** Takes in one stanza and resolves with the one answer to send, where it needs one. Never throws. */
  receive(stanza: Element): Promise<Element | undefined>
  /** Fails every request that still waits. */
  end(cause: unknown): void
}

interface Waiting {
  /** Who was asked; undefined when it was the session's own server. */
  readonly asked: string | undefined
  resolve(result: Element): void
  reject(error: Error): void
}

/** Makes a session over whatever can send a stanza. `onFault` hears of handlers that threw something unexpected. */
export function createSession({
  jid,
  send,
  onFault,
}: {
  jid: () => Jid
  send(stanza: Element): Promise<void>
  onFault?: (error: unknown) => void
}): SessionPort {
  const waiting = new Map<string, Waiting>()
  const routes: { route: IqRoute; handler: IqHandler }[] = []
  const listeners = { message: new Set<(message: Element) => void>(), presence: new Set<(presence: Element) => void>() }

  async function request(iq: Element, { timeoutMs = 60_000, signal }: RequestOptions = {}): Promise<Element> {
    signal?.throwIfAborted()
    // Random, so that nobody but the one who was asked knows it.
    const id = randomUUID()
    iq.attrs.id = id
    const { promise, resolve, reject } = Promise.withResolvers<Element>()
    const timer = setTimeout(() => reject(noAnswer(iq, timeoutMs)), timeoutMs)
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    waiting.set(id, { asked: attribute(iq, 'to'), resolve, reject })
    try {
      await Promise.race([send(iq), promise])
      return await promise
    } finally {
      promise.catch(() => {})
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      waiting.delete(id)
    }
  }

  async function answer(iq: Element): Promise<Element> {
    const payload = soleChild(iq)
    if (!payload) return errorReply(iq, { condition: 'bad-request' })
    try {
      for (const { route, handler } of [...routes]) {
        if (!payload.is(route.name, route.namespace)) continue
        if (route.type && route.type !== iq.attrs.type) continue
        const child = await handler(payload, iq)
        if (child !== notMine) return resultReply(iq, child)
      }
      return errorReply(iq, { condition: 'service-unavailable' }, payload)
    } catch (error) {
      if (error instanceof StanzaError) return errorReply(iq, error, payload)
      onFault?.(error)
      return errorReply(iq, { condition: 'internal-server-error' }, payload)
    }
  }

  async function receive(stanza: Element): Promise<Element | undefined> {
    const kind = stanza.getName()
    if (kind === 'message' || kind === 'presence') for (const listener of [...listeners[kind]]) listener(stanza)
    if (kind !== 'iq') return undefined
    const type = attribute(stanza, 'type')
    if (type === 'get' || type === 'set') return answer(stanza)
    const pending = waiting.get(attribute(stanza, 'id') ?? '')
    if (pending?.asked !== undefined && !isSame(pending.asked, attribute(stanza, 'from'))) return undefined
    if (type === 'result') pending?.resolve(stanza)
    if (type === 'error') pending?.reject(readStanzaError(stanza))
    return undefined
  }

  return {
    session: {
      get jid() {
        return jid()
      },
      request,
      send,
      onIq(route, handler) {
        const entry = { route, handler }
        routes.unshift(entry)
        return () => {
          const index = routes.indexOf(entry)
          if (index >= 0) routes.splice(index, 1)
        }
      },
      onMessage: (handler) => hear(listeners.message, handler),
      onPresence: (handler) => hear(listeners.presence, handler),
    },
    receive,
    end(cause) {
      for (const { reject } of waiting.values()) {
        reject(new Failure('unavailable', 'The XMPP connection ended before the answer came', { cause }))
      }
    },
  }
}

function hear<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The sender of a stanza as it was stamped by the server; for one without `from`, the session's own bare JID. */
export function senderOf(stanza: Element, session: Session): string {
  return attribute(stanza, 'from') ?? formatJid({ ...session.jid, resource: '' })
}

function isSame(asked: string, answers: string | undefined): boolean {
  if (asked === answers) return true
  try {
    return answers !== undefined && formatJid(parseJid(asked)) === formatJid(parseJid(answers))
  } catch {
    return false
  }
}

function noAnswer(iq: Element, timeoutMs: number): Failure {
  const payload = soleChild(iq)
  const what = payload ? `<${payload.name} xmlns='${payload.getNS()}'/>` : 'an iq'
  return new Failure('unavailable', `No answer to ${what} from ${iq.attrs.to ?? 'the server'} within ${timeoutMs} ms`)
}
