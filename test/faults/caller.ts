import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { connectRequest, greeting, readUpTo } from '../support/socks-client.ts'

/** How a relay took a client: in the words of the table. */
export type Welcome = 'accepted' | `refused ${number}` | 'closed' | 'no answer'

const answerTimeoutMs = 5_000

/** A client of a relay that does one step of the handshake at a time. Whoever opens it closes it. */
export class Caller {
  readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
  }

  /** Connects, and greets as SOCKS5 has it. `from` is an address of ours. */
  static async greet(port: number, from = '127.0.0.1'): Promise<Caller> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true, noDelay: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(greeting)
    await readUpTo(socket, 2)
    return new Caller(socket)
  }

  /** Names its bytestream and waits for the answer. */
  async name(digest: Digest): Promise<Welcome> {
    if (this.socket.writable) this.socket.write(connectRequest(digest))
    const over = new AbortController()
    const late = delay(answerTimeoutMs, undefined, { signal: over.signal }).catch(() => undefined)
    const answer = await Promise.race([readUpTo(this.socket, 47), late])
    over.abort()
    if (answer === undefined) return 'no answer'
    const rep = answer[1]
    if (rep === undefined) return 'closed'
    return rep === 0 ? 'accepted' : `refused ${rep}`
  }

  /** Closes by a reset, so that no half of it is kept. */
  close(): void {
    if (this.socket.writableEnded) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}
