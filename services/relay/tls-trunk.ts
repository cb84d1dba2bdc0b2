import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Connection } from './engine/engine.ts'

type Done = (error?: Error | null) => void

/** Before each frame: how many bytes of payload it has. */
const HEADER_BYTES = 4

/** A frame without payload says that nothing follows in this direction. */
const END = Buffer.alloc(HEADER_BYTES)

/**
 * A trunk inside TLS. Its bytes travel in frames, because a direction must say where it ends: Node takes every FIN for
 * the end of a TLS stream, with or without a `close_notify` before it (RFC 8446 §6.1), and so a relay that was killed
 * would pass for a file that is complete. Here only an end frame ends a direction, and leaves the other one open;
 * whatever else ends the connection is a reset.
 */
export class TlsTrunk extends Duplex implements Connection {
  readonly #tls: TLSSocket
  readonly #closed = Promise.withResolvers<void>()
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  /** Payload of the present frame that is still to come. */
  #rest = 0
  #saidEnd = false
  #heardEnd = false
  /** Payload that has left Node. */
  #sent = 0

  /** Takes over a TLS socket whose handshake is done, and closes it. */
  constructor(tls: TLSSocket) {
    super({ allowHalfOpen: true })
    this.#tls = tls
    tls
      .on('data', (chunk: Buffer) => this.#hear(chunk))
      .on('end', () => this.#over())
      .on('error', (error) => this.#lose(error))
      .on('close', () => {
        this.#closed.resolve()
        this.#lose(new Error('the trunk was closed'))
      })
  }

  get bytesWritten(): number {
    return this.#sent + this.writableLength
  }

  /** Cuts the connection off without an end frame, which the other end takes for a reset. */
  resetAndDestroy(): void {
    this.destroy()
    // Not by a reset of the TCP socket beneath: under a TLS socket that can crash Node.
    this.#tls.destroy()
  }

  override _read(): void {
    this.#tls.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#say([chunk], done)
  }

  override _writev(writes: { chunk: Buffer }[], done: Done): void {
    this.#say(
      writes.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: Done): void {
    this.#saidEnd = true
    this.#tls.write(END, done)
  }

  override _destroy(error: Error | null, done: Done): void {
    void this.#closed.promise.then(() => done(error))
    if (this.readableEnded && this.writableFinished) this.#tls.destroySoon()
    else this.#tls.destroy()
  }

  /** Sends the chunks as one frame. */
  #say(chunks: readonly Buffer[], done: Done): void {
    const size = chunks.reduce((sum, { length }) => sum + length, 0)
    if (size === 0) {
      done()
      return
    }
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32BE(size)
    const last = chunks.length - 1
    this.#tls.cork()
    this.#tls.write(header)
    for (const chunk of chunks.slice(0, last)) this.#tls.write(chunk)
    this.#tls.write(chunks[last] ?? END, (error) => {
      if (!error) this.#sent += size
      done(error)
    })
    this.#tls.uncork()
  }

  #hear(bytes: Buffer): void {
    let wanted = true
    for (let at = 0; at < bytes.length; ) {
      if (this.#heardEnd) {
        this.destroy(new Error('the trunk goes on behind its end'))
        return
      }
      if (this.#rest > 0) {
        const part = bytes.subarray(at, at + this.#rest)
        at += part.length
        this.#rest -= part.length
        wanted = this.push(part)
      } else {
        const part = bytes.subarray(at, at + HEADER_BYTES - this.#headerBytes)
        at += part.length
        this.#hearHeader(part)
      }
    }
    // Behind the end nothing but the end of the connection is listened for, whether somebody reads here or not.
    if (!wanted && !this.#heardEnd) this.#tls.pause()
  }

  #hearHeader(part: Buffer): void {
    part.copy(this.#header, this.#headerBytes)
    this.#headerBytes += part.length
    if (this.#headerBytes < HEADER_BYTES) return
    this.#headerBytes = 0
    this.#rest = this.#header.readUInt32BE()
    this.#heardEnd = this.#rest === 0
    if (this.#heardEnd) this.push(null)
  }

  /** The other end says no more. It closes only what both have finished. */
  #over(): void {
    if (!(this.#saidEnd && this.#heardEnd)) this.destroy(new Error('the trunk was cut off'))
  }

  /** The connection is gone, which is no loss once both directions are through. */
  #lose(error: Error): void {
    if (!(this.#heardEnd && this.writableFinished)) this.destroy(error)
  }
}
