import { Failure } from '../../bytestream/failure.ts'
import { formatJid } from '../../bytestream/jid.ts'
import { notMine, type RequestOptions, type Session, senderOf } from '../../xmpp/session.ts'
import { StanzaError, type StanzaErrorCondition } from '../../xmpp/stanza-error.ts'
import { attribute, type Element, ns, xml } from '../../xmpp/xml.ts'
import { errorOf, JingleFailure } from './ending.ts'
import {
  type Action,
  badRequest,
  formatContent,
  formatJingle,
  formatReason,
  type Jingle,
  outOfOrder,
  parseJingle,
  type Reason,
  type Role,
  unknownSession,
  unsupportedInfo,
} from './jingle.ts'
import { moveSession, type SessionState } from './session-state.ts'

const ACK_MS = 30_000
const QUIET_ACK_MS = 5_000

/** What a peer answers that has no such session any more, and his server for a resource that is gone (RFC 6121 §8.5.3.2.3). */
const gone: readonly StanzaErrorCondition[] = ['item-not-found', 'service-unavailable', 'recipient-unavailable', 'gone']

/** What makes a session. */
export interface JingleSessionOptions {
  readonly sid: string
  /** The other side's full JID, as stamped on its stanzas. */
  readonly peer: string
  /** Ours. */
  readonly role: Role
  /** The name of the only content, which the initiator made. */
  readonly content: string
  /** Ends the waiting for acknowledgements; the session goes on. */
  readonly signal?: AbortSignal
}

/** What an action is about: parts of the content, or something else. */
interface Parts {
  readonly description?: Element
  readonly transport?: Element
  readonly info?: Element
}

/**
 * One Jingle session about one content, from the moment it is initiated. Answers what the peer says in it, or refuses it
 * where it is not its time. `terminate`, by whichever side, ends it.
 */
export class JingleSession {
  readonly sid: string
  readonly peer: string
  readonly role: Role
  readonly content: { readonly creator: 'initiator'; readonly name: string }
  readonly #session: Session
  readonly #handlers = new Map<Action, (jingle: Jingle) => void>()
  readonly #broken = new AbortController()
  readonly #over = new AbortController()
  readonly #impatience: AbortSignal
  readonly #removeHandler: () => void
  #state: SessionState = { state: 'pending' }
  #success: PromiseWithResolvers<void> | undefined

  constructor({ session }: { session: Session }, { sid, peer, role, content, signal }: JingleSessionOptions) {
    this.sid = sid
    this.peer = peer
    this.role = role
    this.content = { creator: 'initiator', name: content }
    this.#session = session
    this.#impatience = AbortSignal.any([this.signal, this.#over.signal, ...(signal ? [signal] : [])])
    this.#removeHandler = session.onIq({ type: 'set', name: 'jingle', namespace: ns.jingle }, (element, iq) => {
      if (attribute(element, 'sid') !== sid || senderOf(iq, session) !== peer) return notMine
      this.#take(parseJingle(element))
      return undefined
    })
  }

  /** Aborts when the session ends in any way but the success that is waited for; its reason says why. */
  get signal(): AbortSignal {
    return this.#broken.signal
  }

  /**
   * Handles an action of the peer; without a handler it is out of order. A thrown `StanzaError` is the answer, and the
   * session stays as it was. The answer takes the handler away.
   */
  on(action: Action, handler: (jingle: Jingle) => void): () => void {
    this.#handlers.set(action, handler)
    return () => {
      if (this.#handlers.get(action) === handler) this.#handlers.delete(action)
    }
  }

  /** The next action of one of these kinds. Rejects when the session ends or the signal aborts. */
  next(kinds: readonly Action[], signal: AbortSignal): Promise<Jingle> {
    const { promise, resolve, reject } = Promise.withResolvers<Jingle>()
    const either = AbortSignal.any([signal, this.signal])
    const abort = () => reject(either.reason)
    // Our acknowledgement goes before what follows from it.
    const take = (jingle: Jingle) => void setImmediate(resolve, jingle)
    const removals = kinds.map((kind) => this.on(kind, take))
    if (either.aborted) abort()
    either.addEventListener('abort', abort, { once: true })
    return promise.finally(() => {
      either.removeEventListener('abort', abort)
      for (const remove of removals) remove()
    })
  }

  /** From the call on, a success that the peer tells is no surprise; resolves then. */
  success(): Promise<void> {
    this.#success ??= Promise.withResolvers()
    return this.#success.promise
  }

  /** Says something about the content, or about the session; resolves when the peer has acknowledged it. */
  async send(action: Action, { info, ...parts }: Parts): Promise<void> {
    this.#impatience.throwIfAborted()
    if (action !== 'session-initiate') this.#state = moveSession(this.#state, { action, by: this.role })
    const own = formatJid(this.#session.jid)
    const opening = {
      'session-initiate': { initiator: own },
      'session-accept': { responder: own },
    }[action as string]
    const payload = info ?? formatContent({ ...this.content, ...(opening && { senders: 'initiator' }), ...parts })
    await this.#ask(formatJingle({ action, sid: this.sid, ...opening }, payload), {
      timeoutMs: ACK_MS,
      signal: this.#impatience,
    })
  }

  /** Ends the session, if it has not ended; `error` is what `signal` then says. Resolves when the peer knows, or does not say so soon. */
  async terminate(reason: Reason, error: Error = new Failure('unavailable', 'The session was ended')): Promise<void> {
    if (this.#state.state === 'ended') return
    const farewell = formatJingle({ action: 'session-terminate', sid: this.sid }, formatReason(reason))
    // It is over either way; the answer changes nothing.
    const told = this.#ask(farewell, { timeoutMs: QUIET_ACK_MS }).catch(() => {})
    this.#end(error)
    await told
  }

  /**
   * Asks the peer at this pace whether he still has the session (XEP-0166 §6.8), and ends it when he has not. Silence, and an
   * answer that says something else, tell nothing. Disposing of it ends the asking.
   */
  watchPeer(everyMs: number): Disposable {
    const timer = setInterval(() => void this.#ping(), everyMs)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  async #ping(): Promise<void> {
    const ping = formatJingle({ action: 'session-info', sid: this.sid })
    try {
      await this.#ask(ping, { timeoutMs: ACK_MS, signal: this.#impatience })
    } catch (error) {
      const isGone = error instanceof StanzaError && gone.includes(error.condition)
      if (!isGone || this.#state.state === 'ended') return
      this.#end(new JingleFailure('unavailable', `${this.peer} has left the session`, 'gone', error))
    }
  }

  #take(jingle: Jingle): void {
    const by = this.role === 'initiator' ? 'responder' : 'initiator'
    const { action, contents, info } = jingle
    const next = moveSession(this.#state, { action, by })
    const strange = contents.find(({ creator, name }) => creator !== 'initiator' || name !== this.content.name)
    if (strange) throw badRequest(`There is no content ${strange.name} of the ${strange.creator}`)
    if (action === 'session-terminate') {
      this.#ended(jingle.reason ?? { condition: 'general-error' })
    } else if (action === 'content-remove') {
      // Nothing is left to talk about.
      const reason = { condition: 'cancel' } as const
      setImmediate(() => void this.terminate(reason, errorOf(reason, this.peer, this.role)))
    } else if (action !== 'session-info' || info) {
      const handler = this.#handlers.get(action)
      if (!handler) throw action === 'session-info' ? unsupportedInfo() : outOfOrder()
      handler(jingle)
      this.#state = next
    }
  }

  #ended(reason: Reason): void {
    if (reason.condition === 'success' && this.#success) {
      this.#success.resolve()
      this.#end()
    } else {
      this.#end(errorOf(reason, this.peer, this.role))
    }
  }

  #end(error?: Error): void {
    this.#state = { state: 'ended' }
    this.#removeHandler()
    if (error) this.#broken.abort(error)
    this.#over.abort(new Failure('unavailable', 'The session has ended'))
  }

  #ask(jingle: Element, options: RequestOptions): Promise<Element> {
    return this.#session.request(xml('iq', { type: 'set', to: this.peer }, jingle), options)
  }
}

/** Answers what belongs to no session of ours. Sessions that begin later are asked first. */
export function refuseUnknownSessions(session: Session): () => void {
  return session.onIq({ type: 'set', name: 'jingle', namespace: ns.jingle }, (element) => {
    parseJingle(element)
    throw unknownSession()
  })
}
