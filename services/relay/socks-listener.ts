import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { asFailure, type Failure } from '../shared/bytestream/failure.ts'
import { roomKey } from '../shared/bytestream/room.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import { killPoint } from '../shared/runtime/kill-point.ts'
import type { Engine } from './engine/engine.ts'
import type { HandshakeResult, RelayEvents } from './events.ts'
import type { HalfConnection } from './half-connection.ts'
import type { Pairing } from './pairing.ts'
import { ProxyHeader } from './proxy-protocol/header.ts'
import type { TrustedProxies } from './proxy-protocol/trusted-proxies.ts'
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
  readonly events: Pick<RelayEvents, 'handshakeEnded' | 'halfWaits'>
}

/** Which streamhost leads to this listener, where it listens, and how long a handshake may take. */
export interface SocksListenerOptions {
  readonly streamhost: string
  readonly host: string
  readonly port: number
  readonly handshakeTimeoutMs: number
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
    if (!parts.sockets.take()) {
      parts.events.handshakeEnded('over-limit', remote, 'the relay is full')
      socket.destroy()
      return
    }
    const negotiation = new Negotiation(socket, remote, parts, options)
    negotiations.add(negotiation)
    negotiation.onEnd = () => {
      parts.sockets.giveBack()
      negotiations.delete(negotiation)
    }
  })
  server.listen({ host: options.host, port: options.port, backlog: 4096 })
  await once(server, 'listening')
  return {
    address: server.address() as AddressInfo,
    stop() {
      server.close()
      for (const negotiation of negotiations) negotiation.abort()
    },
  }
}

/** How a failure is said in SOCKS5: 02 when policy refuses, 01 when the fault is ours. */
const replyFor: Partial<Record<Failure['code'], Rep>> = { taken: rep.notAllowed, forbidden: rep.notAllowed }

/** One client from accept to the moment its half waits, under one absolute deadline. */
class Negotiation {
  /** Called once, when it is over. */
  onEnd: () => void = ignore
  readonly #socket: Socket
  /** The client's address: its socket's own, until a PROXY header names another. */
  #remote: string
  readonly #parts: SocksListenerParts
  readonly #streamhost: string
  /** The PROXY header, until it has been read. */
  #header: ProxyHeader | undefined
  readonly #handshake = new Handshake()
  readonly #cancelDeadline: () => void
  #half: HalfConnection | undefined
  #over = false

  constructor(socket: Socket, remote: string, parts: SocksListenerParts, options: SocksListenerOptions) {
    this.#socket = socket
    this.#remote = remote
    this.#parts = parts
    this.#streamhost = options.streamhost
    this.#header = options.trustedProxies && new ProxyHeader()
    this.#cancelDeadline = parts.clock.after(options.handshakeTimeoutMs, () => this.#fail('expired'))
    socket.on('data', this.#onData).on('end', this.#onLeft).on('error', this.#onLeft).on('close', this.#onLeft).resume()
  }

  /** Closes the connection without a word. */
  abort(): void {
    this.#fail('aborted')
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
    return step.rest
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
    const { pairing, engine, events } = this.#parts
    const room = { digest: request.digest, streamhost: this.#streamhost }
    try {
      const half = await pairing.add(room, this.#remote)
      if (this.#over) return pairing.end(half, { outcome: 'aborted', reason: 'left' })
      this.#half = half
      await this.#write(request.reply(rep.succeeded))
      killPoint('half-answered')
      if (this.#over) return
      this.#leave()
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
      if (this.#over) return this.#drop(failure)
      const result = failure.code === 'taken' ? 'taken' : pairing.draining ? 'draining' : 'unavailable'
      this.#refuse(result, request.reply(replyFor[failure.code] ?? rep.generalFailure), failure.message)
    }
  }

  /** Its reply is out, but the engine cannot hold it. */
  #drop(failure: Failure): void {
    this.#socket.on('error', ignore).destroy()
    if (this.#half) this.#parts.pairing.end(this.#half, { outcome: 'refused', reason: 'over-limit' })
    this.#parts.events.handshakeEnded('over-limit', this.#remote, failure.message)
  }

  /** Resolves when the bytes have left for the client; a connection that breaks meanwhile is seen at its close. */
  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()))
  }

  #refuse(result: HandshakeResult, answer: Buffer | undefined, why: string): void {
    this.#leave()
    refuse(this.#socket, answer)
    this.#parts.events.handshakeEnded(result, this.#remote, why)
  }

  /** The client went away: between two messages that is a probe, half way through one it is not. */
  readonly #onLeft = (): void => {
    const underWay = this.#half !== undefined || this.#header?.underWay || this.#handshake.underWay
    this.#fail(underWay ? 'aborted' : 'probe')
  }

  #fail(result: HandshakeResult, why?: string): void {
    this.#leave()
    this.#socket.on('error', ignore).destroy()
    if (this.#half) this.#parts.pairing.end(this.#half, { outcome: 'aborted', reason: 'left' })
    this.#parts.events.handshakeEnded(result, this.#remote, why)
  }

  #leave(): void {
    this.#over = true
    this.#cancelDeadline()
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onLeft)
      .off('error', this.#onLeft)
      .off('close', this.#onLeft)
    this.onEnd()
  }
}

function ignore(): void {}
