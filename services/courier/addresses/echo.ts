import { randomUUID } from 'node:crypto'
import { Failure } from '../../shared/bytestream/failure.ts'
import { attribute, type Element, ns, xml } from '../../shared/xmpp/xml.ts'

/** A server that has not sent back what we sent ourselves for so long is not well. */
const echoMs = 20_000

/**
 * Tells when the server has taken in what we sent. A component is told nothing of that, but its stanzas are worked on in
 * their order (RFC 6120 §10.1): when one to ourselves has come back, all before it have been taken in.
 */
export class Echo {
  readonly #send: (stanza: Element) => Promise<void>
  readonly #componentDomain: string
  readonly #expected = new Map<string, PromiseWithResolvers<void>>()

  constructor(
    { send }: { readonly send: (stanza: Element) => Promise<void> },
    { componentDomain }: { readonly componentDomain: string },
  ) {
    this.#send = send
    this.#componentDomain = componentDomain
  }

  /** Resolves when the server has taken in all that was sent before. Throws `unavailable` when it does not say so. */
  async settled(): Promise<void> {
    const id = randomUUID()
    const expected = Promise.withResolvers<void>()
    const own = this.#componentDomain
    const late = new Failure('unavailable', `The XMPP server did not send a stanza of ours back within ${echoMs} ms`)
    const timer = setTimeout(() => expected.reject(late), echoMs)
    this.#expected.set(id, expected)
    try {
      await this.#send(xml('iq', { type: 'get', id, from: own, to: own }, xml('ping', { xmlns: ns.ping })))
      await expected.promise
    } finally {
      clearTimeout(timer)
      this.#expected.delete(id)
    }
  }

  /** A stanza of ours has come back. */
  hear(stanza: Element): void {
    this.#expected.get(attribute(stanza, 'id') ?? '')?.resolve()
  }

  /** Nothing comes back any more. */
  disconnected(cause: unknown): void {
    for (const { promise, reject } of this.#expected.values()) {
      promise.catch(() => {})
      reject(new Failure('unavailable', 'The XMPP connection ended before all was taken in', { cause }))
    }
  }
}
