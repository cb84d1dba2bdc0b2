import type { RateLimits } from '../rate-limit.ts'
import * as libc from './libc.ts'
import type { Pipe, PipePool } from './pipe-pool.ts'

/** What a worker's directions share. */
export interface DirectionTools {
  readonly pipes: PipePool
  /** For the moments in which no pipe is left; used within one call only. */
  readonly scratch: Buffer
  /** What they have had to do without. */
  readonly lacked: { pipeWaits: number; copiedBytes: number }
}

/**
 * Where a direction stands after a turn:
 * - `waiting`: nothing to read, or the receiver takes nothing, or the kernel lacks memory; an event or an alarm will tell;
 * - `unfinished`: there is more, but others want their turn;
 * - `starved`: there may be more, but no pipe to move it through; another turn when one is free, or at the alarm;
 * - `finished`: the FIN was passed on behind the last byte;
 * - `reset`: one of its two connections is broken.
 */
export type Turn = 'waiting' | 'unfinished' | 'starved' | 'finished' | 'reset-in' | 'reset-out'

/** A stream that has moved so much in one turn may take a big pipe. */
const HUNGRY_BYTES = 256 * 1024
/** After so much it is the others' turn. */
const TURN_BYTES = 4 * 1024 * 1024
/** So long a direction waits for a pipe while none comes back: streams that run give theirs back much sooner. */
const PATIENCE_MS = 5
/** And so long in all, while others are served before it. Then it copies, at several times the price. */
const MOST_PATIENCE_MS = 200
/** When the kernel had no memory for a call, it is asked again so much later. */
const NO_MEMORY_MS = 10

const nothing = Buffer.alloc(0)

/**
 * Moves the bytes of one socket to another: socket → pipe → socket, inside the kernel. Without a pipe it copies through
 * the worker's scratch buffer, and keeps in memory what the receiver did not take of that.
 */
export class Direction {
  readonly #in: number
  readonly #out: number
  readonly #tools: DirectionTools
  /** Bytes in our own memory that go first: what was read before the join, what copying left over. */
  #memory: Buffer
  #pipe: Pipe | undefined
  #inPipe = 0
  #end = false
  #finished = false
  #delivered = 0
  #hungry = false
  readonly #limits: RateLimits | undefined
  #restsUntil = 0
  /** When to try again what the kernel had no memory for; 0 when that has not failed. */
  #againAt = 0
  /** When it first found no pipe; 0 while it has had one since. */
  #starvedSince = 0
  #interrupted = false
  #copies = false

  constructor(
    socket: { readonly from: number; readonly to: number; readonly prefix: Buffer },
    tools: DirectionTools,
    limits: RateLimits | undefined,
  ) {
    this.#in = socket.from
    this.#out = socket.to
    this.#memory = socket.prefix
    this.#tools = tools
    this.#limits = limits
  }

  /** Bytes the receiver's kernel has taken. */
  get delivered(): number {
    return this.#delivered
  }

  /** True while bytes are at hand that the receiver does not take. */
  get blocked(): boolean {
    return this.#inPipe > 0 || this.#memory.length > 0
  }

  get finished(): boolean {
    return this.#finished
  }

  /** When to look again though nothing happens: milliseconds of `performance.now()`, 0 for never. */
  get wakeAt(): number {
    if (this.#finished) return 0
    if (this.#againAt > 0) return this.#againAt
    if (this.#end) return 0
    if (this.#starving) return this.#patientUntil
    // Whoever waits for the receiver hears of it by an event: at an alarm it would find nothing changed, for ever anew.
    return this.blocked ? 0 : this.#restsUntil
  }

  /** Moves what there is, up to a turn's worth. */
  turn(): Turn {
    if (this.#finished) return 'waiting'
    this.#interrupted = false
    this.#againAt = 0
    const before = this.#delivered
    for (;;) {
      while (this.blocked) {
        const given = this.#give()
        if (given < 0) return 'reset-out'
        if (given === 0) return this.#rest()
      }
      if (this.#end) return this.#finish()
      const moved = this.#delivered - before
      if (moved > HUNGRY_BYTES) this.#growHungry()
      if (moved >= TURN_BYTES) return 'unfinished'
      // Only into an empty pipe: EAGAIN is ambiguous otherwise, the socket may be empty or the pipe full.
      const taken = this.#take()
      if (taken < 0) return 'reset-in'
      if (taken === 0 && !this.#end) return this.#rest()
    }
  }

  /** Copies from now on: splice(2) stops for ever before urgent data (tcp(7)), which recv(2) skips like any reader. */
  copy(): void {
    this.#copies = true
  }

  /** Gives everything back; bytes that were under way are lost. */
  close(): void {
    if (this.#pipe && this.#inPipe > 0) this.#tools.pipes.discard(this.#pipe)
    else if (this.#pipe) this.#tools.pipes.release(this.#pipe)
    this.#pipe = undefined
    this.#memory = nothing
  }

  #rest(): Turn {
    this.#giveBack()
    if (this.#interrupted) return 'unfinished'
    return this.#starving ? 'starved' : 'waiting'
  }

  /** Bytes taken from the sender, 0 when there are none now, -1 when its connection is broken. */
  #take(): number {
    if (this.#rests()) return 0
    if (this.#copies) this.#giveBack()
    else if (!this.#acquire()) return 0
    const size = this.#pipe ? this.#spliceIn(this.#pipe) : this.#copyOver()
    if (size === 0) this.#end = true
    if (size > 0) return this.#charge(size)
    return size === 0 || this.#wouldBlock() ? 0 : -1
  }

  /** Gets a pipe, or the leave to do without one; false when it had better wait for one. */
  #acquire(): boolean {
    this.#pipe ??= this.#tools.pipes.acquire(this.#hungry)
    if (this.#pipe) this.#starvedSince = 0
    else if (this.#starvedSince === 0) {
      this.#starvedSince = performance.now()
      this.#tools.lacked.pipeWaits += 1
    }
    return !this.#starving
  }

  get #starving(): boolean {
    return this.#starvedSince > 0 && performance.now() < this.#patientUntil
  }

  get #patientUntil(): number {
    const lastHope = Math.max(this.#starvedSince, this.#tools.pipes.releasedAt)
    return Math.min(lastHope + PATIENCE_MS, this.#starvedSince + MOST_PATIENCE_MS)
  }

  #rests(): boolean {
    if (this.#restsUntil > 0 && this.#restsUntil <= performance.now()) this.#restsUntil = 0
    return this.#restsUntil > 0
  }

  /** Who pays by rate rests until the debt is over. */
  #charge(size: number): number {
    const waitMs = this.#limits?.charge(size) ?? 0
    if (waitMs > 0) this.#restsUntil = performance.now() + waitMs
    return size
  }

  /** How much to take at once into a space of `size`. */
  #portion(size: number): number {
    return this.#limits ? Math.min(size, this.#limits.chunkBytes) : size
  }

  #spliceIn(pipe: Pipe): number {
    const size = libc.splice(this.#in, null, pipe.to, null, this.#portion(pipe.size), libc.SPLICE_FLAGS)
    if (size > 0) this.#inPipe += size
    return size
  }

  /** Without a pipe: through the scratch buffer, and what the receiver does not take of it stays in our memory. */
  #copyOver(): number {
    const { scratch, lacked } = this.#tools
    const size = libc.recv(this.#in, scratch, this.#portion(scratch.length), libc.MSG_DONTWAIT)
    if (size <= 0) return size
    lacked.copiedBytes += size
    const sent = Math.max(0, libc.send(this.#out, scratch, size, libc.MSG_DONTWAIT | libc.MSG_NOSIGNAL))
    this.#delivered += sent
    if (sent < size) this.#memory = Buffer.from(scratch.subarray(sent, size))
    return size
  }

  /** Bytes the receiver has taken, 0 when it takes none now, -1 when its connection is broken. */
  #give(): number {
    if (!this.blocked) return 0
    const size = this.#memory.length > 0 ? this.#sendMemory() : this.#spliceOut()
    if (size <= 0) return size === 0 || this.#wouldBlock() ? 0 : -1
    this.#delivered += size
    return size
  }

  #sendMemory(): number {
    const size = libc.send(this.#out, this.#memory, this.#memory.length, libc.MSG_DONTWAIT | libc.MSG_NOSIGNAL)
    if (size > 0) this.#memory = size < this.#memory.length ? this.#memory.subarray(size) : nothing
    return size
  }

  #spliceOut(): number {
    if (!this.#pipe) return 0
    const size = libc.splice(this.#pipe.from, null, this.#out, null, this.#inPipe, libc.SPLICE_FLAGS)
    if (size > 0) this.#inPipe -= size
    return size
  }

  #growHungry(): void {
    this.#hungry = true
    if (this.#pipe && this.#inPipe === 0) this.#pipe = this.#tools.pipes.grow(this.#pipe)
  }

  #finish(): Turn {
    this.#giveBack()
    this.#finished = true
    return libc.shutdown(this.#out, libc.SHUT_WR) < 0 ? 'reset-out' : 'finished'
  }

  #giveBack(): void {
    if (!this.#pipe || this.#inPipe > 0) return
    this.#tools.pipes.release(this.#pipe)
    this.#pipe = undefined
  }

  /**
   * Whether the call that just failed may succeed later: it had nothing to do, or the kernel was short of memory, or there was a
   * signal. After the last two no event would tell to try again.
   */
  #wouldBlock(): boolean {
    const code = libc.errno()
    this.#interrupted ||= code === libc.EINTR
    const shortOfMemory = code === libc.ENOMEM || code === libc.ENOBUFS
    if (shortOfMemory) this.#againAt = performance.now() + NO_MEMORY_MS
    return code === libc.EAGAIN || code === libc.EINTR || shortOfMemory
  }
}
