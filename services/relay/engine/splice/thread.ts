import { Worker } from 'node:worker_threads'
import { Failure } from '../../../shared/bytestream/failure.ts'
import type { Flow, FlowEnd, Held, HeldWatch } from '../engine.ts'
import type { RateLimit } from '../rate-limit.ts'
import { CounterSlots, readCounters } from './counters.ts'
import * as libc from './libc.ts'
import type { Order, Report, WorkerStart } from './messages.ts'
import { SharedLoad, type WorkerLoad } from './shared-load.ts'
import type { Descriptor } from './take-over.ts'
import { WorkerDescriptors } from './worker-descriptors.ts'

export interface ThreadOptions extends Omit<WorkerStart, 'wake' | 'load' | 'opened'> {
  /** A worker has crashed and its streams have ended; the next connection that is held starts another one. */
  readonly onCrash: (error: Error) => void
}

/** A connection is held by then. */
const HOLD_WITHIN_MS = 2

const nothing: Buffer = Buffer.alloc(0)
const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])

/**
 * The main thread's end of one worker: gives orders, takes reports, and replaces a worker that crashes. It knows every
 * descriptor that the worker owns, and closes what a worker that is no more has left.
 */
export class Thread {
  readonly #options: ThreadOptions
  readonly #slots = new CounterSlots()
  readonly #load = new SharedLoad()
  readonly #held = new Map<number, HeldDescriptor>()
  /** Descriptors that are released, until the worker has said so. */
  readonly #leaving = new Map<number, number>()
  readonly #flows = new Map<number, SplicedFlow>()
  #running: { readonly wake: number; readonly worker: Worker } | undefined
  #waking: NodeJS.Immediate | undefined
  #wakingSoon: NodeJS.Timeout | undefined
  #stopping = false

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** Starts the worker unless it runs. Throws `over-limit` when the process has no descriptor left for it. */
  start(): this {
    this.#running ??= this.#launch()
    return this
  }

  /** Has the worker hold a connection; `taken` is undefined when it was closed before that. */
  hold(id: number, taken: Descriptor | undefined, watch: HeldWatch): HeldDescriptor {
    // The prefix as an array of its own: a view keeps the whole memory that it is part of, and a message clones it.
    const prefix = taken?.prefix.length ? Uint8Array.from(taken.prefix) : undefined
    const kept = prefix ? Buffer.from(prefix.buffer) : nothing
    const held = new HeldDescriptor(this, id, taken && { fd: taken.fd, prefix: kept }, watch)
    if (taken) {
      this.#held.set(id, held)
      this.#order({ order: 'hold', id, fd: taken.fd, prefix })
    } else {
      queueMicrotask(() => watch.gone())
    }
    return held
  }

  /** What the worker, and those before it, have told. */
  get load(): WorkerLoad {
    return this.#load.read()
  }

  release(held: HeldDescriptor): void {
    if (!this.#held.delete(held.id) || held.fd === undefined) return
    this.#leaving.set(held.id, held.fd)
    this.#order({ order: 'release', id: held.id })
  }

  /** The connection of a half, which is the caller's again; undefined when it is gone. */
  giveBack(held: HeldDescriptor): Descriptor | undefined {
    if (!this.#held.delete(held.id)) return undefined
    this.#order({ order: 'forget', id: held.id })
    return held.taken
  }

  join(id: number, first: HeldDescriptor, second: HeldDescriptor, limits: readonly RateLimit[]): Flow {
    if (first.thread !== this || second.thread !== this) throw new TypeError('held in different rooms')
    const slot = this.#slots.take()
    const flow = new SplicedFlow({
      fds: [first.fd, second.fd],
      progress: () => readCounters(slot),
      abort: () => this.#order({ order: 'abort', id }),
      release: () => this.#slots.giveBack(slot),
    })
    // A half that was closed before it could be held, or by a worker that crashed, has nothing to join.
    const missing = [first, second].find((half) => !this.#held.has(half.id))
    if (missing) {
      for (const half of [first, second]) this.release(half)
      flow.end({ how: 'reset', side: missing === first ? 'first' : 'second' })
      return flow
    }
    for (const half of [first, second]) this.#held.delete(half.id)
    this.#flows.set(id, flow)
    const { block: counters } = slot
    const shared = limits.map((limit) => limit.shared)
    this.#order({ order: 'join', id, first: first.id, second: second.id, counters, slot: slot.slot, limits: shared })
    return flow
  }

  /** Ends the worker, and resets the flows that it still has. */
  async stop(): Promise<void> {
    this.#stopping = true
    const worker = this.#running?.worker
    if (!worker) return
    const { promise: exited, resolve } = Promise.withResolvers<void>()
    worker.ref()
    worker.once('exit', () => resolve())
    this.#order({ order: 'stop' })
    await exited
  }

  #launch(): { wake: number; worker: Worker } {
    const { onCrash, ...terms } = this.#options
    const wake = libc.eventfd(0, libc.O_NONBLOCK | libc.O_CLOEXEC)
    if (wake < 0) throw new Failure('over-limit', `Cannot start a worker: errno ${libc.errno()}`)
    // Two ends of each pipe, and the epoll instance.
    const opened = WorkerDescriptors.room(2 * terms.budget.pipes + 1)
    const workerData: WorkerStart = { ...terms, wake, load: this.#load.shared, opened: opened.shared }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData })
    worker.on('message', (report: Report) => this.#hear(report))
    let why: unknown
    worker.on('error', (error) => {
      why = error
    })
    // Not at its error: only at its exit has every report been heard, and is it known which descriptors it left.
    worker.on('exit', (code) => {
      this.#running = undefined
      libc.close(wake)
      opened.closeAll()
      this.#load.bury()
      this.#bury()
      if (!this.#stopping)
        onCrash(why instanceof Error ? why : new Error(`A worker ended by itself, with code ${code}`))
    })
    // After its listeners are there, each of which would hold the process back again.
    worker.unref()
    return { wake, worker }
  }

  #order(order: Order): void {
    if (!this.#running) return
    this.#running.worker.postMessage(order)
    // A wake-up costs as much as all else that a half takes here, so the orders of one turn of the event loop share one.
    // A half that waits is watched for its hang-up only: that may begin a moment later, and many halves share one.
    if (order.order === 'hold') this.#wakingSoon ??= setTimeout(() => this.#wake(), HOLD_WITHIN_MS)
    else this.#waking ??= setImmediate(() => this.#wake())
  }

  #wake(): void {
    clearImmediate(this.#waking)
    clearTimeout(this.#wakingSoon)
    this.#waking = undefined
    this.#wakingSoon = undefined
    if (this.#running) libc.write(this.#running.wake, one, one.length)
  }

  #hear(report: Report): void {
    switch (report.report) {
      case 'finished':
        this.#held.get(report.id)?.watch.finished()
        break
      case 'gone':
        this.#held.get(report.id)?.watch.gone()
        break
      case 'released':
        this.#leaving.delete(report.id)
        break
      case 'ended':
        this.#flows.get(report.id)?.end(report.end)
        this.#flows.delete(report.id)
    }
  }

  /** The worker is no more and its descriptors are orphans: closes them, which resets what was joined. */
  #bury(): void {
    const [held, leaving, flows] = [[...this.#held.values()], [...this.#leaving.values()], [...this.#flows.values()]]
    for (const map of [this.#held, this.#leaving, this.#flows]) map.clear()
    const orphans = [...held.map(({ fd }) => fd), ...leaving, ...flows.flatMap(({ fds }) => fds)]
    for (const fd of orphans) if (fd !== undefined) libc.close(fd)
    for (const flow of flows) flow.end({ how: this.#stopping ? 'aborted' : 'crashed' })
    for (const { watch } of held) watch.gone()
  }
}

/** A descriptor that a worker holds. */
export class HeldDescriptor implements Held {
  readonly thread: Thread
  readonly id: number
  /** Undefined when the connection was closed before it could be held. */
  readonly taken: Descriptor | undefined
  readonly watch: HeldWatch

  constructor(thread: Thread, id: number, taken: Descriptor | undefined, watch: HeldWatch) {
    this.thread = thread
    this.id = id
    this.taken = taken
    this.watch = watch
  }

  get fd(): number | undefined {
    return this.taken?.fd
  }

  release(): void {
    this.thread.release(this)
  }
}

interface FlowParts {
  readonly fds: readonly (number | undefined)[]
  readonly progress: Flow['progress']
  readonly abort: () => void
  /** Called once, after the last look at the counters. */
  readonly release: () => void
}

class SplicedFlow implements Flow {
  readonly ended: Promise<FlowEnd>
  readonly fds: FlowParts['fds']
  readonly #parts: FlowParts
  readonly #settle: (end: FlowEnd) => void
  #last: ReturnType<Flow['progress']> | undefined

  constructor(parts: FlowParts) {
    const { promise, resolve } = Promise.withResolvers<FlowEnd>()
    this.ended = promise
    this.#settle = resolve
    this.#parts = parts
    this.fds = parts.fds
  }

  progress(): ReturnType<Flow['progress']> {
    return this.#last ?? this.#parts.progress()
  }

  abort(): void {
    if (!this.#last) this.#parts.abort()
  }

  end(end: FlowEnd): void {
    this.#last ??= this.#parts.progress()
    this.#parts.release()
    this.#settle(end)
  }
}
