import { Failure } from '../bytestream/failure.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Element, ns, xml } from '../xmpp/xml.ts'
import { type RetryTerms, retryDelayMs, type Setback, setbackOf } from './retry.ts'
import { type ComponentStream, openStream, StreamEnd, type StreamOptions } from './stream.ts'

export interface LinkOptions extends StreamOptions, RetryTerms {
  /** How often we ping ourselves through the server. */
  readonly componentPingMs: number
  /** A stream on which the server has sent nothing for so long is dead. */
  readonly componentSilenceMs: number
}

/** `standby`: the server lets one connection have the component, and another replica is it. */
export type LinkState = 'connecting' | 'connected' | 'standby' | 'stopped'

/** What a link has to tell. */
export interface LinkEvents {
  componentConnected(): void
  /** Told once when a wait begins, not at every attempt. */
  componentStandsBy(): void
  /** `retryInMs` from now it is tried again. */
  componentLost(reason: StreamEnd, retryInMs: number): void
  /** Only a person can repair this. */
  componentMisconfigured(reason: StreamEnd, retryInMs: number): void
  answerLost(error: unknown): void
}

export interface LinkParts {
  /** Answers one stanza; undefined when it needs no answer. Never throws. */
  readonly answer: (stanza: Element) => Promise<Element | undefined>
  readonly events: LinkEvents
  /** Hears of every change of the state. */
  readonly onState?: (state: LinkState) => void
  readonly clock: Clock
  readonly random: () => number
}

const stableMs = 60_000

/**
 * Keeps a component connected: opens a stream, answers what arrives on it, and opens the next when it ends.
 *
 * States: `connecting` → `connected` when the server accepts us, `standby` when it answers `<conflict/>`; a lost stream
 * goes back to `connecting`; `stop()` ends in `stopped`. `#move` is the one place that changes it.
 */
export class ComponentLink {
  readonly #parts: LinkParts
  readonly #options: LinkOptions
  readonly #stopping = new AbortController()
  readonly #answering = new Set<Promise<void>>()
  #state: LinkState = 'connecting'
  #stream: ComponentStream | undefined
  #opening: Promise<ComponentStream> | undefined
  #running: Promise<void> | undefined
  /** Ends the wait for the next attempt, while there is one. */
  #retry: (() => void) | undefined

  constructor(parts: LinkParts, options: LinkOptions) {
    this.#parts = parts
    this.#options = options
  }

  get state(): LinkState {
    return this.#state
  }

  /** Starts connecting, and goes on for as long as it takes. Whoever starts a link stops it. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Sends a stanza of our own accord. Throws `unavailable` while the server has not accepted us. */
  async send(stanza: Element): Promise<void> {
    if (!this.#stream) {
      const { componentDomain } = this.#options
      throw new Failure('unavailable', `Cannot send a stanza as ${componentDomain}: it is not connected`)
    }
    await this.#stream.send(stanza)
  }

  /** Resolves at a moment when no answer is being worked on; requests that come meanwhile are answered as well. */
  async settle(): Promise<void> {
    while (this.#answering.size > 0) await Promise.all(this.#answering)
  }

  /** Tries at once, where an attempt is being waited for: what was refused may be accepted now. */
  retry(): void {
    this.#retry?.()
  }

  /** Closes the stream and stays away. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#stream?.close()
    await this.#running
    this.#move('stopped')
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let losses = 0
    while (!signal.aborted) {
      const startedMs = this.#parts.clock.now()
      const end = await this.#live()
      if (signal.aborted) return
      if (this.#parts.clock.now() - startedMs >= stableMs) losses = 0
      losses += 1
      const wasConnected = this.#state === 'connected'
      // One that had us and then let us go for another would do so again, for ever: wait as for a misconfiguration.
      const setback: Setback =
        wasConnected && setbackOf(end.condition) === 'taken' ? 'misconfigured' : setbackOf(end.condition)
      const retryInMs = retryDelayMs(setback, losses, this.#options, this.#parts.random)
      this.#setBack(setback, end, retryInMs)
      await this.#wait(retryInMs)
    }
  }

  /** One stream from its opening to its end. Never throws. */
  async #live(): Promise<StreamEnd> {
    try {
      this.#opening = openStream(this.#options, {
        onStanza: (stanza) => this.#take(stanza),
        signal: this.#stopping.signal,
      })
      const stream = await this.#opening
      this.#stream = stream
      if (this.#stopping.signal.aborted) await stream.close()
      else this.#move('connected')
      const stopPinging = this.#keepAlive(stream)
      const end = await stream.ended
      stopPinging()
      return end
    } catch (error) {
      return error instanceof StreamEnd ? error : new StreamEnd(String(error), { cause: error })
    } finally {
      this.#opening = undefined
      this.#stream = undefined
    }
  }

  #setBack(setback: Setback, end: StreamEnd, retryInMs: number): void {
    const { events } = this.#parts
    this.#move(setback === 'taken' ? 'standby' : 'connecting')
    if (setback === 'lost') events.componentLost(end, retryInMs)
    if (setback === 'misconfigured') events.componentMisconfigured(end, retryInMs)
  }

  #move(state: LinkState): void {
    if (state === this.#state) return
    this.#state = state
    if (state === 'connected') this.#parts.events.componentConnected()
    if (state === 'standby') this.#parts.events.componentStandsBy()
    this.#parts.onState?.(state)
  }

  #take(stanza: Element): void {
    const answering = this.#answer(stanza).finally(() => this.#answering.delete(answering))
    this.#answering.add(answering)
  }

  async #answer(stanza: Element): Promise<void> {
    const answer = await this.#parts.answer(stanza)
    if (!answer) return
    try {
      // The stream of now, which may be a later one than the request came by; or one whose server asks before we know
      // that it has taken us.
      const stream = this.#stream ?? (await this.#opening)
      if (!stream) throw new StreamEnd('the component stream is down')
      await stream.send(answer)
    } catch (error) {
      this.#parts.events.answerLost(error)
    }
  }

  /**
   * Notices a dead link. We ping our own address: the server must route that back, whichever domains it serves and
   * modules it has. A server that balances between replicas may hand the ping to another one, so any word from the
   * server counts, and silence must last many pings before it means anything.
   */
  #keepAlive(stream: ComponentStream): () => void {
    const { componentDomain, componentPingMs, componentSilenceMs } = this.#options
    const timer = setInterval(() => {
      if (performance.now() - stream.heardAtMs > componentSilenceMs) {
        stream.destroy(new StreamEnd(`the server has been silent for ${componentSilenceMs} ms`))
        return
      }
      const addresses = { type: 'get', id: 'keepalive', from: componentDomain, to: componentDomain }
      stream.send(xml('iq', addresses, xml('ping', { xmlns: ns.ping }))).catch(() => {})
    }, componentPingMs)
    timer.unref()
    return () => clearInterval(timer)
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#stopping
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#retry = undefined
        resolve()
      }
      const cancel = this.#parts.clock.after(ms, done)
      this.#retry = done
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
