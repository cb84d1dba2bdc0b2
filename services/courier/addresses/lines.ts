import { formatJid, type Jid } from '../../shared/bytestream/jid.ts'
import { createSession, type Session, type SessionPort } from '../../shared/xmpp/session.ts'
import { attribute, type Element } from '../../shared/xmpp/xml.ts'
import { ownResource } from './address.ts'

export interface LinesParts {
  readonly send: (stanza: Element) => Promise<void>
  /** Adds what every session answers to one that is new. */
  readonly attend: (session: Session) => void
  /** A handler threw what no handler should. */
  readonly onFault: (error: unknown) => void
}

/** One of our addresses while it is used. */
interface Line {
  readonly port: SessionPort
  /** Requests being made or answered, and handlers that somebody has added. */
  uses: number
}

/**
 * The sessions of our addresses. There may be millions of these, and none is worth remembering by itself: a line is
 * made when its address is first used and dropped with its last use, so there are never more than requests and
 * transfers that are under way.
 */
export class Lines {
  readonly #parts: LinesParts
  readonly #componentDomain: string
  /** By local part. */
  readonly #lines = new Map<string, Line>()

  constructor(parts: LinesParts, { componentDomain }: { readonly componentDomain: string }) {
    this.#parts = parts
    this.#componentDomain = componentDomain
  }

  /** How many are in use. */
  get size(): number {
    return this.#lines.size
  }

  /** The session of an address, which finds its line anew at every use. */
  session(local: string): Session {
    const jid = this.#jidOf(local)
    return {
      jid,
      request: (iq, options) => this.#during(local, ({ port }) => port.session.request(iq, options)),
      send: (stanza) => this.#send(jid, stanza),
      onIq: (route, handler) => this.#whileAdded(local, ({ port }) => port.session.onIq(route, handler)),
      onMessage: (handler) => this.#whileAdded(local, ({ port }) => port.session.onMessage(handler)),
      onPresence: (handler) => this.#whileAdded(local, ({ port }) => port.session.onPresence(handler)),
    }
  }

  /** Takes in a stanza to an address; resolves with its answer, where it needs one. Never throws. */
  async receive(local: string, stanza: Element): Promise<Element | undefined> {
    const type = attribute(stanza, 'type')
    const asks = stanza.getName() === 'iq' && type !== 'result' && type !== 'error'
    if (asks) return this.#during(local, ({ port }) => port.receive(stanza))
    return this.#lines.get(local)?.port.receive(stanza)
  }

  /** Fails every request that waits for an answer. */
  end(cause: unknown): void {
    for (const { port } of this.#lines.values()) port.end(cause)
  }

  async #during<T>(local: string, use: (line: Line) => Promise<T>): Promise<T> {
    const line = this.#hold(local)
    try {
      return await use(line)
    } finally {
      this.#release(local, line)
    }
  }

  #whileAdded(local: string, add: (line: Line) => () => void): () => void {
    const line = this.#hold(local)
    const remove = add(line)
    let added = true
    return () => {
      if (!added) return
      added = false
      remove()
      this.#release(local, line)
    }
  }

  #hold(local: string): Line {
    const line = this.#lines.get(local) ?? this.#open(local)
    line.uses += 1
    return line
  }

  #release(local: string, line: Line): void {
    line.uses -= 1
    if (line.uses === 0) this.#lines.delete(local)
  }

  #open(local: string): Line {
    const jid = this.#jidOf(local)
    const port = createSession({
      jid: () => jid,
      send: (stanza) => this.#send(jid, stanza),
      onFault: this.#parts.onFault,
    })
    const line = { port, uses: 0 }
    this.#lines.set(local, line)
    this.#parts.attend(this.session(local))
    // What is always there keeps nobody.
    line.uses = 0
    return line
  }

  #send(jid: Jid, stanza: Element): Promise<void> {
    stanza.attrs.from ??= formatJid(jid)
    return this.#parts.send(stanza)
  }

  #jidOf(local: string): Jid {
    return { local, domain: this.#componentDomain, resource: local === '' ? '' : ownResource }
  }
}
