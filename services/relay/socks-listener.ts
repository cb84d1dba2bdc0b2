import { type AddressInfo, createServer, type Socket } from 'node:net'
import { asFailure, type Failure } from '../shared/bytestream/failure.ts'
import { roomKey } from '../shared/bytestream/room.ts'
import type { Place, Places } from '../shared/limits/places.ts'
import type { TrustedProxies } from '../shared/limits/trusted-proxies.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import { PatientListener } from '../shared/runtime/patient-listener.ts'
import type { Engine } from './engine/engine.ts'
import type { HandshakeResult, LimitResult, RelayEvents } from './events.ts'
import type { HalfConnection } from './half-connection.ts'
import { ignore } from './ignore.ts'
import type { ConnectionRate } from './limits/connection-rate.ts'
import type { FleetWaiting } from './limits/fleet-waiting.ts'
import type { MemoryBound } from './limits/memory.ts'
import type { Pairing } from './pairing.ts'
import { ProxyHeader } from './proxy-protocol/header.ts'
import { refuse } from './refusal.ts'
import type { SocketCount } from './socket-count.ts'
import { type ConnectRequest, Handshake } from './socks5/handshake.ts'
import { type Rep, rep } from './socks5/reply.ts'
import { tcpOptions } from './tcp-options.ts'

/** A SOCKS5 port that clients dial. */
export interface SocksListener {
  readonly address: AddressInfo
  /** Listens no more, and closes the handshakes at work. Halves and bytestreams are not its own. */
  stop(): void
}

export interface SocksListenerParts {
  readonly pairing: Pairing
  readonly engine: Engine
  readonly clock: Clock
  readonly sockets: SocketCount
  readonly rate: ConnectionRate
  readonly memory: Pick<MemoryBound, 'exceeded'>
  /** For handshakes under way. */
  readonly negotiating: Places
  /** For halves that wait. */
  readonly waiting: Places
  /** Those of all relays. */
  readonly fleetWaiting: Pick<FleetWaiting, 'full'>
  readonly events: Pick<RelayEvents, 'acceptFailed' | 'handshakeEnded' | 'halfWaits'>
}

/** Which streamhost leads to this listener, where it listens, how long a handshake may take, and who is told apart. */
export interface SocksListenerOptions {
  readonly streamhost: string
  readonly host: string
  readonly port: number
  readonly handshakeTimeoutMs: number
  /** The same while sockets are scarce. */
  readonly handshakeTimeoutPressedMs: number
  /** Whether the address of a client is its own, so that limits per client can be held. */
  readonly knowsSources: boolean
  /**
   * Given, every connection must come from one of these and begin with a PROXY header, which says who the client is.
   * Otherwise none may have one.
   */
  readonly trustedProxies?: TrustedProxies
}

/** Listens for clients and brings each through its handshake into the room it names. */
export async function listenSocks(parts: SocksListenerParts, options: SocksListenerOptions): Promise<SocksListener> {
  const negotiations = new Set<Negotiation>()
  const server = createServer({ ...tcpOptions, pauseOnConnect: true }, (socket) => {
    const remote = socket.remoteAddress ?? 'unknown'
    if (options.trustedProxies?.includes(remote) === false) {
      // Who has no address any more has left already: the checks of load balancers end so.
      const result = socket.remoteAddress === undefined ? 'probe' : 'untrusted'
      parts.events.handshakeEnded(result, remote, 'it is not one of the trusted proxies')
      socket.destroy()
      return
    }
    // Node hides descriptor exhaustion, so the bound is ours; there is no greeting yet that an answer could follow.
    const full = refusalAtTheDoor(parts)
    if (full) {
      parts.events.handshakeEnded(full.result, remote, full.why)
      socket.destroy()
      return
    }
    const negotiation = new Negotiation(socket, remote, parts, options)
    negotiations.add(negotiation)
    negotiation.onEnd = () => {
      parts.sockets.giveBack()
      negotiations.delete(negotiation)
    }
    negotiation.start()
  })
  const { clock, events } = parts
  const listener = await PatientListener.start(
    { server, clock, failed: events.acceptFailed },
    { host: options.host, port: options.port, backlog: 4096 },
  )
  return {
    address: listener.address,
    stop() {
      listener.stop()
      for (const negotiation of negotiations) negotiation.abort()
    },
  }
}

/** Why a client is not even greeted; undefined when its place is taken for it. */
function refusalAtTheDoor({
  rate,
  memory,
  sockets,
}: SocksListenerParts): { result: LimitResult; why: string } | undefined {
  if (!rate.take()) return { result: 'over-rate', why: 'connections come too fast' }
  if (memory.exceeded) return { result: 'over-memory', why: 'the relay has too little memory left' }
  if (!sockets.take()) return { result: 'over-limit', why: 'the relay is full' }
  return undefined
}

/** How a failure is said in SOCKS5: 02 when policy refuses, 01 when the fault is ours. */
const replyFor: Partial<Record<Failure['code'], Rep>> = { taken: rep.notAllowed, forbidden: rep.notAllowed }

/** Why a client is dropped behind its reply. */
const dropped: Partial<Record<Failure['code'], HandshakeResult>> = {
  'over-limit': 'over-limit',
  'not-ready': 'aborted',
}

/** How often a handshake that takes longer than it may while sockets are scarce is looked at. */
const LOOK_MS = 1_000

/** One client from accept to the moment its half waits, under one absolute deadline. */
class Negotiation {
  /** Called once, when it is over and a refused client’s socket is closed. */
  onEnd: () => void = ignore
  readonly #socket: Socket
  /** The client's address: its socket's own, until a PROXY header names another. */
  #remote: string
  readonly #parts: SocksListenerParts
  readonly #options: SocksListenerOptions
  readonly #startedAt: number
  /** The PROXY header, until it has been read. */
  #header: ProxyHeader | undefined
  readonly #handshake = new Handshake()
  #cancelDeadline: () => void = ignore
  /** Its place among the handshakes of its client, once it is known who that is. */
  #place: Place | undefined
  #half: HalfConnection | undefined
  #over = false

  constructor(socket: Socket, remote: string, parts: SocksListenerParts, options: SocksListenerOptions) {
    this.#socket = socket
    this.#remote = remote
    this.#parts = parts
    this.#options = options
    this.#startedAt = parts.clock.now()
    this.#header = options.trustedProxies && new ProxyHeader()
  }

  /** Begins to listen to the client. */
  start(): void {
    this.#watch()
    this.#socket
      .on('data', this.#onData)
      .on('end', this.#onLeft)
      .on('error', this.#onLeft)
      .on('close', this.#onLeft)
      .resume()
    if (!this.#header) this.#takePlace()
  }

  /** Closes the connection without a word. */
  abort(): void {
    if (this.#over) this.#socket.destroy()
    else this.#fail('aborted')
  }

  /** Ends the handshake when its time is over; there is less of it while sockets are scarce. */
  #watch(): void {
    const { clock, sockets } = this.#parts
    const { handshakeTimeoutMs } = this.#options
    const pressedMs = Math.min(this.#options.handshakeTimeoutPressedMs, handshakeTimeoutMs)
    const ageMs = clock.now() - this.#startedAt
    if (ageMs >= handshakeTimeoutMs || (ageMs >= pressedMs && sockets.pressed)) {
      this.#fail('expired')
    } else {
      const nextMs = ageMs < pressedMs ? pressedMs - ageMs : Math.min(handshakeTimeoutMs - ageMs, LOOK_MS)
      this.#cancelDeadline = clock.after(nextMs, () => this.#watch())
    }
  }

  /** Counts the handshake to its client, who is known from here on. False, and all is over, when it has enough of them. */
  #takePlace(): boolean {
    const place = this.#parts.negotiating.take(this.#source)
    if (typeof place !== 'object') {
      this.#fail('source-handshakes', 'this address has too many handshakes under way')
      return false
    }
    this.#place = place
    return true
  }

  /** The address by which the client is told from others, where it has one of its own. */
  get #source(): string | undefined {
    return this.#options.knowsSources ? this.#remote : undefined
  }

  readonly #onData = (chunk: Buffer): void => {
    const bytes = this.#header ? this.#unwrap(this.#header, chunk) : chunk
    if (bytes) this.#negotiate(bytes)
  }

  /** What is behind the PROXY header, once that is whole. */
  #unwrap(header: ProxyHeader, chunk: Buffer): Buffer | undefined {
    const step = header.push(chunk)
    if (step?.step === 'refused') this.#fail(`header-${step.fault}`, step.why)
    if (step?.step !== 'read') return undefined
    this.#header = undefined
    this.#remote = step.source ?? this.#remote
    return this.#takePlace() ? step.rest : undefined
  }

  #negotiate(chunk: Buffer): void {
    for (const step of this.#handshake.push(chunk)) {
      switch (step.step) {
        case 'greeted':
          this.#socket.write(step.answer)
          break
        case 'refused':
          this.#refuse(step.fault, step.answer, step.why)
          break
        case 'connect':
          this.#socket.off('data', this.#onData).pause()
          void this.#connect(step.request, step.rest)
      }
    }
  }

  async #connect(request: ConnectRequest, rest: Buffer): Promise<void> {
    const { pairing, waiting, fleetWaiting, engine, events } = this.#parts
    const room = { digest: request.digest, streamhost: this.#options.streamhost }
    if (fleetWaiting.full) {
      const why = 'too many halves wait on all relays together'
      return this.#refuse('fleet-full', request.reply(rep.generalFailure), why)
    }
    const place = waiting.take(this.#source)
    if (place === 'full') {
      return this.#refuse('waiting-full', request.reply(rep.generalFailure), 'too many halves wait on this relay')
    }
    if (place === 'source-full') {
      return this.#refuse('source-halves', request.reply(rep.notAllowed), 'too many halves of this address wait')
    }
    try {
      const half = await pairing.add(room, this.#remote, place)
      if (this.#over) return pairing.end(half, { outcome: 'aborted', reason: 'left' })
      this.#half = half
      await this.#write(request.reply(rep.succeeded))
      killPoint('half-answered')
      if (this.#over) return
      this.#settle()
      const held = engine.hold(
        this.#socket,
        { prefix: rest, room: roomKey(room) },
        {
          finished: () => pairing.finish(half),
          gone: () => pairing.end(half, { outcome: 'aborted', reason: 'reset' }),
        },
      )
      pairing.wait(half, held)
      events.handshakeEnded('accepted', this.#remote)
      events.halfWaits(half)
    } catch (error) {
      const failure = asFailure(error, 'Cannot take the half-connection in')
      if (this.#over) {
        // Without a half its client has left before the claim failed, which has been told.
        if (this.#half) this.#drop(this.#half, failure)
        return
      }
      const result = failure.code === 'taken' ? 'taken' : pairing.draining ? 'draining' : 'unavailable'
      this.#refuse(result, request.reply(replyFor[failure.code] ?? rep.generalFailure), failure.message)
    }
  }

  /** Its reply is out, but the engine cannot hold it, or its half was ended meanwhile, for which it counts already. */
  #drop(half: HalfConnection, failure: Failure): void {
    this.#socket.on('error', ignore).destroy()
    this.#parts.pairing.end(half, { outcome: 'refused', reason: 'over-limit' })
    this.#parts.events.handshakeEnded(dropped[failure.code] ?? 'unavailable', this.#remote, failure.message)
  }

  /** Resolves when the bytes have left for the client; a connection that breaks meanwhile is seen at its close. */
  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()))
  }

  #refuse(result: HandshakeResult, answer: Buffer | undefined, why: string): void {
    this.#leave()
    // Its descriptor counts until it is closed.
    this.#socket.once('close', () => this.onEnd())
    refuse(this.#socket, answer)
    this.#parts.events.handshakeEnded(result, this.#remote, why)
  }

  /** The client went away: between two messages that is a probe, half way through one it is not. */
  readonly #onLeft = (): void => {
    const underWay = this.#half !== undefined || this.#header?.underWay || this.#handshake.underWay
    this.#fail(underWay ? 'aborted' : 'probe')
  }

  #fail(result: HandshakeResult, why?: string): void {
    this.#settle()
    this.#socket.on('error', ignore).destroy()
    if (this.#half) this.#parts.pairing.end(this.#half, { outcome: 'aborted', reason: 'left' })
    this.#parts.events.handshakeEnded(result, this.#remote, why)
  }

  /** It is over, and so is its hold on the socket. */
  #settle(): void {
    this.#leave()
    this.onEnd()
  }

  #leave(): void {
    this.#over = true
    this.#cancelDeadline()
    this.#place?.giveBack()
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onLeft)
      .off('error', this.#onLeft)
      .off('close', this.#onLeft)
  }
}
