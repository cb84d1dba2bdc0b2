import * as libc from './libc.ts'
import type { WorkerLoad } from './shared-load.ts'
import type { WorkerDescriptors } from './worker-descriptors.ts'

/** What a new pipe holds. */
export const SMALL_PIPE_BYTES = 64 * 1024
/** What one grows to on a stream that fills it: a quarter to a third cheaper per byte. */
export const BIG_PIPE_BYTES = 1024 * 1024

/** When the kernel has refused a good pipe, it is not asked again before this: asking costs as much as it would save. */
const REFUSED_MS = 1_000

/** A kernel buffer between two sockets. */
export interface Pipe {
  readonly from: number
  readonly to: number
  readonly size: number
}

/** What a pool may own. */
export interface PipeBudget {
  /** Kernel memory of all its pipes together. */
  readonly bytes: number
  /** How many; each is two descriptors. */
  readonly pipes: number
}

/**
 * Pipes, lent to a direction only while they contain bytes. All processes of a user on a machine share 64 MiB of pipe
 * buffer (pipe(7), pipe-user-pages-soft); past it the kernel gives pipes of 8 KiB, through which splicing costs more
 * than copying. So the pool has a budget, looks at what it gets, and says no when there is nothing good to have.
 */
export class PipePool {
  readonly #opened: WorkerDescriptors
  readonly #budget: PipeBudget
  readonly #small: Pipe[] = []
  readonly #big: Pipe[] = []
  #bytes = 0
  #count = 0
  #idleBytes = 0
  #refusals: number
  #askAgainAt = 0
  #releasedAt = 0

  /** `opened` is where it notes its pipes; `refusals`, how many there were before it, to count on from. */
  constructor(opened: WorkerDescriptors, budget: PipeBudget, refusals: number) {
    this.#opened = opened
    this.#budget = budget
    this.#refusals = refusals
  }

  /** Pipes that are lent, kernel memory by whether it is, and how often the kernel gave nothing good. */
  get usage(): Pick<WorkerLoad, 'pipesLent' | 'pipeBytesLent' | 'pipeBytesIdle' | 'pipesRefused'> {
    return {
      pipesLent: this.#count - this.#small.length - this.#big.length,
      pipeBytesLent: this.#bytes - this.#idleBytes,
      pipeBytesIdle: this.#idleBytes,
      pipesRefused: this.#refusals,
    }
  }

  /** When a pipe last came back, in milliseconds of `performance.now()`. */
  get releasedAt(): number {
    return this.#releasedAt
  }

  /** True when a pipe is at hand. */
  get available(): boolean {
    return this.#small.length > 0 || this.#big.length > 0
  }

  /** Lends a pipe, a big one by preference to a stream that fills them; undefined when none is left. */
  acquire(hungry: boolean): Pipe | undefined {
    const [first, second] = hungry ? [this.#big, this.#small] : [this.#small, this.#big]
    return this.#idle(first) ?? (hungry ? this.#create() : undefined) ?? this.#idle(second) ?? this.#create()
  }

  /** Takes an empty pipe back. */
  release(pipe: Pipe): void {
    this.#releasedAt = performance.now()
    ;(pipe.size >= BIG_PIPE_BYTES ? this.#big : this.#small).push(pipe)
    this.#idleBytes += pipe.size
  }

  /** Destroys a pipe that still has bytes in it. */
  discard(pipe: Pipe): void {
    this.#opened.close(pipe.from)
    this.#opened.close(pipe.to)
    this.#bytes -= pipe.size
    this.#count -= 1
  }

  /** A bigger pipe in exchange for an empty one, or the same one where the budget does not allow it. */
  grow(pipe: Pipe): Pipe {
    if (pipe.size >= BIG_PIPE_BYTES) return pipe
    const idle = this.#idle(this.#big)
    if (idle) {
      this.release(pipe)
      return idle
    }
    if (this.#refused || !this.#makeRoom(BIG_PIPE_BYTES - pipe.size)) return pipe
    const size = libc.fcntl(pipe.to, libc.F_SETPIPE_SZ, BIG_PIPE_BYTES)
    if (size < BIG_PIPE_BYTES) {
      this.#refuse()
      return pipe
    }
    this.#bytes += size - pipe.size
    return { ...pipe, size }
  }

  #idle(pipes: Pipe[]): Pipe | undefined {
    const pipe = pipes.pop()
    if (pipe) this.#idleBytes -= pipe.size
    return pipe
  }

  /** Gives up small pipes that lie idle, until so many bytes more are within the budget. */
  #makeRoom(bytes: number): boolean {
    while (this.#bytes + bytes > this.#budget.bytes) {
      const idle = this.#idle(this.#small)
      if (!idle) return false
      this.discard(idle)
    }
    return true
  }

  #create(): Pipe | undefined {
    if (this.#count >= this.#budget.pipes || this.#bytes + SMALL_PIPE_BYTES > this.#budget.bytes) return undefined
    if (this.#refused) return undefined
    const ends = new Int32Array(2)
    if (libc.pipe2(ends, libc.O_NONBLOCK | libc.O_CLOEXEC) < 0) return this.#refuse()
    const [from = -1, to = -1] = ends
    this.#opened.add(from)
    this.#opened.add(to)
    const size = libc.fcntl(to, libc.F_GETPIPE_SZ, 0)
    this.#bytes += size
    this.#count += 1
    const pipe = { from, to, size }
    if (size >= SMALL_PIPE_BYTES) return pipe
    this.discard(pipe)
    return this.#refuse()
  }

  get #refused(): boolean {
    return this.#askAgainAt > 0 && performance.now() < this.#askAgainAt
  }

  #refuse(): undefined {
    this.#refusals += 1
    this.#askAgainAt = performance.now() + REFUSED_MS
  }
}
