import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ignore } from '../ignore.ts'
import type { Connection, Engine, EngineLoad, Flow, FlowEnd, Held, HeldWatch, Progress } from './engine.ts'
import { RateLimits } from './rate-limit.ts'

const noLoad: EngineLoad = {
  pipesLent: 0,
  pipesMax: 0,
  pipeBytesLent: 0,
  pipeBytesIdle: 0,
  pipeBudgetBytes: 0,
  pipesRefused: 0,
  pipeWaits: 0,
  copiedBytes: 0,
}

/** What a held socket may send before it is joined; past it the kernel's window holds the sender back. */
const EARLY_BYTES = 64 * 1024

/**
 * Moves bytes through Node streams: works wherever Node does. A held socket is read up to 64 KiB, so that its FIN or
 * reset is seen; behind more early data than that they show when it is joined or when its time is over.
 * Sockets must come from a server with `allowHalfOpen`, or a FIN would close both directions.
 */
export const streamEngine: Engine = {
  name: 'stream',
  guard() {},
  hold: (socket, { prefix }, watch) => new HeldSocket(socket, prefix, watch),
  join(first, second, limits = []) {
    if (!(first instanceof HeldSocket && second instanceof HeldSocket)) throw new TypeError('held by another engine')
    return new SocketFlow(first.take(), second.take(), limits.length > 0 ? new RateLimits(limits) : undefined)
  },
  load: () => noLoad,
  async stop() {},
}

/** A socket with the bytes it sent early, and whether that was all. */
interface Early {
  readonly socket: Connection
  readonly bytes: readonly Buffer[]
  readonly finished: boolean
}

class HeldSocket implements Held {
  readonly #socket: Connection
  readonly #bytes: Buffer[] = []
  readonly #watch: HeldWatch
  #size = 0
  #finished = false

  constructor(socket: Connection, prefix: Buffer, watch: HeldWatch) {
    this.#socket = socket
    this.#watch = watch
    if (prefix.length > 0) this.#onData(prefix)
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', ignore).on('close', this.#onClose)
    if (socket.closed) queueMicrotask(this.#onClose)
    else if (this.#size < EARLY_BYTES) socket.resume()
  }

  take(): Early {
    this.#leave()
    this.#socket.pause()
    return { socket: this.#socket, bytes: this.#bytes, finished: this.#finished }
  }

  release(): void {
    this.#leave()
    this.#socket.on('error', ignore).destroy()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes.push(chunk)
    this.#size += chunk.length
    if (this.#size >= EARLY_BYTES) this.#socket.pause()
  }

  readonly #onEnd = (): void => {
    this.#finished = true
    this.#watch.finished()
  }

  readonly #onClose = (): void => this.#watch.gone()

  #leave(): void {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('error', ignore).off('close', this.#onClose)
  }
}

class SocketFlow implements Flow {
  readonly ended: Promise<FlowEnd>
  readonly #first: Direction
  readonly #second: Direction
  readonly #sockets: { readonly first: Connection; readonly second: Connection }
  #end: FlowEnd = { how: 'finished' }

  constructor(first: Early, second: Early, limits: RateLimits | undefined) {
    this.#sockets = { first: first.socket, second: second.socket }
    // Both sides are watched before a byte moves.
    this.ended = Promise.all([this.#closed('first'), this.#closed('second')]).then(() => this.#end)
    this.#first = new Direction(first, second.socket, limits)
    this.#second = new Direction(second, first.socket, limits)
  }

  progress(): { fromFirst: Progress; fromSecond: Progress } {
    return { fromFirst: this.#first.progress(), fromSecond: this.#second.progress() }
  }

  abort(): void {
    this.#reset({ how: 'aborted' })
  }

  #closed(side: 'first' | 'second'): Promise<void> {
    const socket = this.#sockets[side]
    const { promise, resolve } = Promise.withResolvers<void>()
    const onClose = () => {
      // Closed without a word before both directions had ended: somebody destroyed it.
      if (!socket.readableEnded || !socket.writableFinished) this.#reset({ how: 'reset', side })
      resolve()
    }
    socket.on('error', () => this.#reset({ how: 'reset', side })).on('close', onClose)
    if (socket.closed) onClose()
    return promise
  }

  #reset(end: FlowEnd): void {
    if (this.#end.how === 'finished') this.#end = end
    for (const socket of Object.values(this.#sockets)) if (!socket.closed) socket.resetAndDestroy()
  }
}

/** One direction: what came early, then the rest, then the FIN. */
class Direction {
  readonly #to: Connection
  readonly #before: number

  constructor(from: Early, to: Connection, limits: RateLimits | undefined) {
    this.#to = to
    this.#before = to.bytesWritten
    for (const chunk of from.bytes) to.write(chunk)
    if (from.finished) to.end()
    else if (limits) from.socket.pipe(throttle(limits)).pipe(to)
    else from.socket.pipe(to)
  }

  progress(): Progress {
    const waiting = this.#to.writableLength
    return { bytes: Math.max(0, this.#to.bytesWritten - waiting - this.#before), blocked: waiting > 0 }
  }
}

/** Lets bytes through in portions, and after each rests until its debt is over. */
function throttle(limits: RateLimits): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let rest = chunk; rest.length > 0; ) {
        const portion = rest.subarray(0, limits.chunkBytes)
        rest = rest.subarray(portion.length)
        this.push(portion)
        const waitMs = limits.charge(portion.length)
        if (waitMs > 0) await sleep(waitMs, undefined, { ref: false })
      }
      done()
    },
  })
}
