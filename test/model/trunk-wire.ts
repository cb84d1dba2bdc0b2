import { Duplex } from 'node:stream'
import type { Connection } from '../../services/relay/engine/engine.ts'

/** One end of a connection whose bytes go through `deliver`, a write at a time. */
export class WireEnd extends Duplex implements Connection {
  readonly bytesWritten = 0
  readonly name: string
  readonly #deliver: (chunk: Buffer) => void
  #peer: WireEnd | undefined

  constructor(name: string, deliver: (chunk: Buffer) => void = () => {}) {
    super({ allowHalfOpen: true })
    this.name = name
    this.#deliver = deliver
    this.on('error', () => {})
  }

  /** Whoever closes one end resets the other. */
  join(peer: WireEnd): void {
    this.#peer = peer
    peer.#peer = this
  }

  resetAndDestroy(): void {
    this.destroy()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.#deliver(chunk)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const peer = this.#peer
    if (peer && !peer.destroyed) peer.destroy(new Error('reset'))
    done(error)
  }
}
