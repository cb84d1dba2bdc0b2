import type { Socket } from 'node:net'
import { type Digest, digestOf } from '../../bytestream/digest.ts'
import { Failure } from '../../bytestream/failure.ts'
import { formatJid, parseJid } from '../../bytestream/jid.ts'
import type { Session } from '../../xmpp/session.ts'
import type { Element } from '../../xmpp/xml.ts'
import { type OnTransferEvent, stepEvent, streamhostFailed } from '../events.ts'
import { activateStreamhost } from '../requester.ts'
import { type DialOptions, dialStreamhost } from '../socks5-client.ts'
import type { DirectHost, Expectation } from '../socks5-host.ts'
import type { ChooseStreamhosts, Streamhost } from '../streamhost.ts'
import { type CandidateRace, type JoinedCandidate, raceCandidates } from './candidate-race.ts'
import { badRequest, type Jingle, outOfOrder } from './jingle.ts'
import type { JingleSession } from './jingle-session.ts'
import { type Nomination, nominate, outranks } from './nomination.ts'
import {
  type Candidate,
  formatSocksTransport,
  formatTransportInfo,
  parseTransportInfo,
  type SocksTransport,
  type TransportInfo,
} from './socks-transport.ts'
import { within } from './within.ts'

const PEER_TRIES_MS = 60_000
const ACTIVATION_MS = 30_000

export interface SocksNegotiationParts {
  readonly jingle: JingleSession
  readonly session: Session
  /** Where our direct candidates lead; the caller closes it. */
  readonly directHost?: DirectHost
  readonly tell: OnTransferEvent
}

export interface SocksNegotiationOptions {
  readonly sid: string
  readonly own: readonly Candidate[]
  /** Which of the peer's candidates are dialled. Default all. */
  readonly choose?: ChooseStreamhosts
  readonly dial?: DialOptions
  /** How long the peer may try our candidates. Default 60 000. */
  readonly peerTriesMs?: number
  /** How long the peer may take to activate a proxy of its own. Default 30 000. */
  readonly activationMs?: number
}

/** A bytestream on which both sides have agreed. */
export interface NegotiatedBytestream {
  /** Paused; the caller ends it. */
  readonly socket: Socket
  readonly streamhost: Streamhost
  readonly direct: boolean
}

/**
 * One try of both sides to find a SOCKS5 bytestream (XEP-0260). From its making it hears what the peer says of its tries;
 * `connect` does ours, once; `close` ends what is left and must be called.
 */
export class SocksNegotiation {
  readonly #parts: SocksNegotiationParts
  readonly #options: SocksNegotiationOptions
  readonly #ownDigest: Digest
  readonly #peerDigest: Digest
  readonly #expectation: Expectation | undefined
  readonly #removeHandler: () => void
  /** What the peer joined: one of ours, or nothing. */
  readonly #taken = Promise.withResolvers<Candidate | undefined>()
  readonly #activated = Promise.withResolvers<void>()
  readonly #proxyFailed = new AbortController()
  #heard: { readonly taken: Candidate | undefined } | undefined
  #told: { readonly joined: Candidate | undefined } | undefined
  #race: CandidateRace | undefined

  constructor(parts: SocksNegotiationParts, options: SocksNegotiationOptions) {
    this.#parts = parts
    this.#options = options
    const { jingle, session, directHost } = parts
    const [own, peer] = [session.jid, parseJid(jingle.peer)]
    // Whoever offers a candidate is the requester of XEP-0065.
    this.#ownDigest = digestOf(options.sid, own, peer)
    this.#peerDigest = digestOf(options.sid, peer, own)
    // Some clients put the initiator first whoever listens (XEP-0260 §2.2 can be read so).
    this.#expectation = directHost?.expect(this.#ownDigest, this.#peerDigest)
    this.#removeHandler = jingle.on('transport-info', (action) => this.#hear(action))
  }

  get sid(): string {
    return this.#options.sid
  }

  /** Our `<transport/>`. */
  get transport(): Element {
    const { sid, own } = this.#options
    const proxied = own.some(({ type }) => type === 'proxy')
    return formatSocksTransport({ sid, candidates: own, ...(proxied && { dstaddr: this.#ownDigest }) })
  }

  /**
   * Tries the peer's candidates, tells it how that went, and makes the one that counts ready for bytes. Throws `unavailable`
   * when neither side can join the other, and when the proxy that counts cannot be activated; both sides know it then.
   */
  async connect({ candidates }: SocksTransport, signal: AbortSignal): Promise<NegotiatedBytestream> {
    const { jingle, tell, session } = this.#parts
    const { own, peerTriesMs = PEER_TRIES_MS } = this.#options
    const self = formatJid(session.jid)
    tell(stepEvent(9, self, jingle.peer, own.map(({ host, port }) => `${host}:${port}`).join(' ')))
    const joined = await this.#tryPeer(candidates, signal)
    try {
      this.#told = { joined: joined?.candidate }
      if (joined) tell(stepEvent(10, self, joined.candidate.jid, `${joined.candidate.host}:${joined.candidate.port}`))
      await this.#tell(joined ? { kind: 'candidate-used', cid: joined.candidate.cid } : { kind: 'candidate-error' })
      const taken = await within(
        this.#taken.promise,
        peerTriesMs,
        `${jingle.peer} did not tell what it could join`,
        signal,
      )
      if (taken) {
        tell(stepEvent(10, jingle.peer, taken.jid))
        tell(stepEvent(11, jingle.peer, self, taken.jid))
      }
      const nominated = nominate(jingle.role, joined?.candidate, taken)
      if (!nominated) throw new Failure('unavailable', 'Neither side can join a streamhost of the other')
      const socket = await this.#open(nominated, joined, signal)
      if (joined && joined.socket !== socket) joined.socket.destroy()
      const { candidate } = nominated
      return { socket, streamhost: candidate, direct: candidate.type !== 'proxy' }
    } catch (error) {
      joined?.socket.destroy()
      throw error
    }
  }

  /** Lets nobody in any more, and gives up what still runs. */
  close(): void {
    this.#removeHandler()
    this.#race?.giveUp(() => true)
    this.#expectation?.cancel()
  }

  async #tryPeer(candidates: readonly Candidate[], signal: AbortSignal): Promise<JoinedCandidate | undefined> {
    const { tell } = this.#parts
    const { choose = async (offered) => offered, dial } = this.#options
    const chosen = await choose(candidates)
    const isChosen = ({ host, port }: Streamhost) => chosen.some((each) => each.host === host && each.port === port)
    this.#race = raceCandidates(candidates.filter(isChosen), async (candidate, givenUp) => {
      try {
        return await dialStreamhost(candidate, this.#peerDigest, {
          ...dial,
          signal: AbortSignal.any([signal, givenUp]),
        })
      } catch (error) {
        if (!givenUp.aborted && !signal.aborted) tell(streamhostFailed(candidate, error))
        throw error
      }
    })
    this.#giveUpLosers()
    const joined = await this.#race.winner
    if (signal.aborted) joined?.socket.destroy()
    signal.throwIfAborted()
    return joined
  }

  /** What the peer has joined spares us all that could not win over it. */
  #giveUpLosers(): void {
    const taken = this.#heard?.taken
    if (taken) this.#race?.giveUp((candidate) => !outranks(this.#parts.jingle.role, candidate, taken))
  }

  async #open(
    { candidate, owner }: Nomination,
    joined: JoinedCandidate | undefined,
    signal: AbortSignal,
  ): Promise<Socket> {
    const { jingle } = this.#parts
    if (owner === 'peer' && joined) {
      const { activationMs = ACTIVATION_MS } = this.#options
      const late = `${jingle.peer} did not activate its proxy`
      const either = AbortSignal.any([signal, this.#proxyFailed.signal])
      if (candidate.type === 'proxy') await within(this.#activated.promise, activationMs, late, either)
      return joined.socket
    }
    if (candidate.type !== 'proxy') {
      if (!this.#expectation) throw new Failure('internal', 'A direct candidate leads nowhere')
      return this.#expectation.take(candidate.host)
    }
    const socket = await this.#activate(candidate, signal)
    try {
      await this.#tell({ kind: 'activated', cid: candidate.cid })
      return socket
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  async #activate(candidate: Candidate, signal: AbortSignal): Promise<Socket> {
    const { jingle, session, tell } = this.#parts
    const { sid, dial } = this.#options
    try {
      return await activateStreamhost(
        { session, tell },
        {
          streamhost: candidate,
          sid,
          target: jingle.peer,
          ...(dial && { dial }),
          signal: AbortSignal.any([signal, this.#proxyFailed.signal]),
        },
      )
    } catch (error) {
      if (!this.#proxyFailed.signal.aborted) await this.#tell({ kind: 'proxy-error' })
      throw error
    }
  }

  #tell(info: TransportInfo): Promise<void> {
    return this.#parts.jingle.send('transport-info', { transport: formatTransportInfo(this.#options.sid, info) })
  }

  #hear({ contents: [content] }: Jingle): void {
    const info = parseTransportInfo(content?.transport, this.#options.sid)
    switch (info.kind) {
      case 'candidate-used':
      case 'candidate-error': {
        if (this.#heard) throw outOfOrder('This was told already')
        const taken = 'cid' in info ? this.#options.own.find(({ cid }) => cid === info.cid) : undefined
        if ('cid' in info && !taken) throw badRequest('We offered no such candidate')
        this.#heard = { taken }
        this.#giveUpLosers()
        this.#taken.resolve(taken)
        return
      }
      case 'activated': {
        const nominated = this.#nominated()
        if (nominated?.owner !== 'peer' || nominated.candidate.cid !== info.cid) throw outOfOrder()
        this.#activated.resolve()
        return
      }
      case 'proxy-error':
        if (this.#nominated()?.candidate.type !== 'proxy') throw outOfOrder()
        this.#proxyFailed.abort(new Failure('unavailable', `${this.#parts.jingle.peer} could not use the proxy`))
    }
  }

  /** Known when both sides have told. */
  #nominated(): Nomination | undefined {
    return this.#heard && this.#told && nominate(this.#parts.jingle.role, this.#told.joined, this.#heard.taken)
  }
}
