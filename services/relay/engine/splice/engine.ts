import { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import {
  type Connection,
  type Engine,
  type EngineLoad,
  type Flow,
  type Held,
  type HeldWatch,
  type HoldOptions,
  unwatched,
} from '../engine.ts'
import type { RateLimit } from '../rate-limit.ts'
import { streamEngine } from '../stream.ts'
import { giveBack } from './give-back.ts'
import type { PipeBudget } from './pipe-pool.ts'
import { demandSplice } from './probe.ts'
import { resetOnClose } from './reset-on-close.ts'
import type { WorkerLoad } from './shared-load.ts'
import { descriptorOf, takeOver } from './take-over.ts'
import { HeldDescriptor, Thread, type ThreadOptions } from './thread.ts'

/** How a splice engine is built. */
export interface SpliceOptions extends ThreadOptions {
  /** How many workers; default one per core, at most four. The pipe budget is theirs together. */
  readonly workers?: number
}

const MOST_WORKERS = 4

/**
 * Moves bytes with splice(2): they pass from socket to socket inside the kernel and never come to JavaScript. Sockets
 * are taken out of Node by their descriptor and given to worker threads, each with a loop of its own around
 * epoll_wait(2). Throws `unavailable` where the kernel does not let us.
 *
 * The bytes of a connection that is no socket (a trunk inside TLS) are Node's to make: the stream engine carries them,
 * and the socket they are joined with comes back into Node.
 */
export class SpliceEngine implements Engine {
  readonly name = 'splice'
  readonly #threads: Thread[]
  readonly #share: PipeBudget
  #lastId = 0

  constructor({ workers = Math.min(availableParallelism(), MOST_WORKERS), budget, ...options }: SpliceOptions) {
    demandSplice()
    this.#share = {
      bytes: Math.floor(budget.bytes / workers),
      pipes: Math.max(1, Math.floor(budget.pipes / workers)),
    }
    this.#threads = Array.from({ length: workers }, () => new Thread({ ...options, budget: this.#share }))
    try {
      for (const thread of this.#threads) thread.start()
    } catch (error) {
      // Whoever then does with another engine has no use for those that run, nor anybody to stop them.
      void this.stop()
      throw error
    }
  }

  guard(connection: Connection): void {
    const fd = connection instanceof Socket ? descriptorOf(connection) : undefined
    if (fd !== undefined) resetOnClose(fd, true)
  }

  hold(connection: Connection, options: HoldOptions, watch: HeldWatch): Held {
    if (!(connection instanceof Socket)) return streamEngine.hold(connection, options, watch)
    const { prefix, room } = options
    return this.#threadOf(room).start().hold(this.#nextId(), takeOver(connection, prefix), watch)
  }

  join(first: Held, second: Held, limits: readonly RateLimit[] = []): Flow {
    if (first instanceof HeldDescriptor && second instanceof HeldDescriptor) {
      return first.thread.join(this.#nextId(), first, second, limits)
    }
    return streamEngine.join(inNode(first), inNode(second), limits)
  }

  load(): EngineLoad {
    const sum = (of: keyof WorkerLoad) => this.#threads.reduce((total, { load }) => total + load[of], 0)
    return {
      pipesLent: sum('pipesLent'),
      pipesMax: this.#share.pipes * this.#threads.length,
      pipeBytesLent: sum('pipeBytesLent'),
      pipeBytesIdle: sum('pipeBytesIdle'),
      pipeBudgetBytes: this.#share.bytes * this.#threads.length,
      pipesRefused: sum('pipesRefused'),
      pipeWaits: sum('pipeWaits'),
      copiedBytes: sum('copiedBytes'),
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()))
  }

  /** Both halves of a room, and their trunk, belong to one worker. */
  #threadOf(room: string): Thread {
    let hash = 0
    for (let i = 0; i < room.length; i++) hash = (hash * 31 + room.charCodeAt(i)) >>> 0
    const thread = this.#threads[hash % this.#threads.length]
    if (!thread) throw new Error('a splice engine has no workers')
    return thread
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }
}

/** The same connection, held by the stream engine. */
function inNode(held: Held): Held {
  if (!(held instanceof HeldDescriptor)) return held
  const taken = held.thread.giveBack(held)
  return streamEngine.hold(giveBack(taken), { prefix: taken?.prefix ?? Buffer.alloc(0), room: '' }, unwatched)
}
