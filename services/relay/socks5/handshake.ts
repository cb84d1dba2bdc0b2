import { type Digest, parseDigest } from '../../shared/bytestream/digest.ts'
import { formatReply, methodNone, methodUnacceptable, type Rep, rep } from './reply.ts'

/** What the bytes so far ask of the connection's owner, in order. */
export type HandshakeStep =
  /** The greeting is good: write `answer` and go on. */
  | { readonly step: 'greeted'; readonly answer: Buffer }
  /** A CONNECT named a digest: answer with `reply(…)`. `rest` is what the client sent behind it: its first payload. */
  | { readonly step: 'connect'; readonly request: ConnectRequest; readonly rest: Buffer }
  /** Not a client of ours: write `answer`, if there is one, and close. */
  | {
      readonly step: 'refused'
      readonly answer: Buffer | undefined
      readonly fault: HandshakeFault
      readonly why: string
    }

/** What was wrong with a handshake: a closed set, so that it can be counted. */
export const handshakeFaults = ['not-socks5', 'authentication', 'command', 'address-type', 'not-a-digest'] as const
export type HandshakeFault = (typeof handshakeFaults)[number]

/** A CONNECT whose DST.ADDR is a digest (XEP-0065 §6.3.2). */
export interface ConnectRequest {
  readonly digest: Digest
  /** The answer to it, with the client's own address bytes in it. */
  reply(code: Rep): Buffer
}

const nothing: Buffer = Buffer.alloc(0)
const VERSION = 0x05
const METHOD_NONE = 0x00
const CONNECT = 0x01
const DOMAIN_NAME = 0x03
const DIGEST_LENGTH = 40

type State = 'greeting' | 'request' | 'done'

/**
 * The server's side of RFC 1928 as XEP-0065 narrows it: no authentication, CONNECT to a name of 40 hexadecimal digits.
 * Takes its input in pieces of any size, keeps at most one message (262 bytes), never throws, touches no socket.
 * States: `greeting` → `request` → `done`; after `connect` or `refused` it takes nothing more.
 */
export class Handshake {
  #state: State = 'greeting'
  #pending: Buffer = nothing

  /** True from the first byte of a message to its end, and after the CONNECT: who leaves then breaks something off. */
  get underWay(): boolean {
    return this.#state === 'done' || this.#pending.length > 0
  }

  /** Takes the next bytes and gives the steps they complete. */
  push(chunk: Buffer): HandshakeStep[] {
    const steps: HandshakeStep[] = []
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    for (let step = this.#next(); step; step = this.#next()) steps.push(step)
    return steps
  }

  #next(): HandshakeStep | undefined {
    switch (this.#state) {
      case 'greeting':
        return this.#greeting()
      case 'request':
        return this.#request()
      case 'done':
        return undefined
    }
  }

  #greeting(): HandshakeStep | undefined {
    const [version, methodCount] = this.#pending
    if (version === undefined) return undefined
    if (version !== VERSION) return this.#refuse('not-socks5', undefined, 'it does not speak SOCKS5')
    if (methodCount === undefined) return undefined
    if (methodCount === 0) return this.#refuse('authentication', methodUnacceptable, 'it offers no method')
    const end = 2 + methodCount
    if (this.#pending.length < end) return undefined
    const methods = this.#pending.subarray(2, end)
    if (!methods.includes(METHOD_NONE))
      return this.#refuse('authentication', methodUnacceptable, 'it wants to authenticate')
    this.#pending = this.#pending.subarray(end)
    this.#state = 'request'
    return { step: 'greeted', answer: methodNone }
  }

  #request(): HandshakeStep | undefined {
    const [version, command, reserved, addressType, length] = this.#pending
    if (version === undefined) return undefined
    if (version !== VERSION)
      return this.#refuse('not-socks5', formatReply(rep.generalFailure), 'its request is not SOCKS5')
    if (addressType === undefined) return undefined
    if (reserved !== 0)
      return this.#refuse('not-socks5', formatReply(rep.generalFailure), 'its request has a reserved byte set')
    // An address of unknown length is not waited for; a name is, so that a refusal can echo it.
    if (addressType !== DOMAIN_NAME) {
      return command === CONNECT
        ? this.#refuse('address-type', formatReply(rep.addressTypeNotSupported), 'it names an address, not a digest')
        : this.#refuse('command', formatReply(rep.commandNotSupported), 'its command is not CONNECT')
    }
    if (length === undefined) return undefined
    const end = 5 + length + 2
    if (this.#pending.length < end) return undefined
    const address = this.#pending.subarray(3, end)
    if (command !== CONNECT) {
      return this.#refuse('command', formatReply(rep.commandNotSupported, address), 'its command is not CONNECT')
    }
    const digest = length === DIGEST_LENGTH ? parseDigest(address.toString('latin1', 2, 2 + length)) : undefined
    if (!digest)
      return this.#refuse('not-a-digest', formatReply(rep.notAllowed, address), 'it names a host, not a digest')
    const rest = this.#pending.subarray(end)
    this.#close()
    return { step: 'connect', request: { digest, reply: (code) => formatReply(code, address) }, rest }
  }

  #refuse(fault: HandshakeFault, answer: Buffer | undefined, why: string): HandshakeStep {
    this.#close()
    return { step: 'refused', answer, fault, why }
  }

  #close(): void {
    this.#state = 'done'
    this.#pending = nothing
  }
}
