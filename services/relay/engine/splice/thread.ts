import { Worker } from 'node:worker_threads'
import type { Flow, FlowEnd, Held, HeldWatch } from '../engine.ts'
import type { RateLimit } from '../rate-limit.ts'
import { CounterSlots, readCounters } from './counters.ts'
import * as libc from './libc.ts'
import type { Order, Report, WorkerStart } from './messages.ts'
import type { Descriptor } from './take-over.ts'

export interface ThreadOptions extends Omit<WorkerStart, 'wake'> {
  /** The worker has crashed; its streams have ended and another one is in its place. */
  readonly onCrash: (error: Error) => void
}

const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])

/** The main thread's end of one worker: gives orders, takes reports, and replaces a worker that crashes. */
export class Thread {
  readonly #options: ThreadOptions
  readonly #slots = new CounterSlots()
  readonly #held = new Map<number, HeldDescriptor>()
  readonly #flows = new Map<number, SplicedFlow>()
  #stopping = false
  #wake: number
  #worker: Worker

  constructor(options: ThreadOptions) {
    this.#options = options
    ;[this.#wake, this.#worker] = this.#start()
  }

  /** Has the worker hold a connection; `taken` is undefined when it was closed before that. */
  hold(id: number, taken: Descriptor | undefined, watch: HeldWatch): HeldDescriptor {
    const held = new HeldDescriptor(this, id, taken?.fd, watch)
    if (taken) {
      this.#held.set(id, held)
      this.#order({ order: 'hold', id, fd: taken.fd, prefix: taken.prefix })
    } else {
      queueMicrotask(() => watch.gone())
    }
    return held
  }

  release(held: HeldDescriptor): void {
    if (this.#held.delete(held.id)) this.#order({ order: 'release', id: held.id })
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
    if (!this.#held.delete(first.id) || !this.#held.delete(second.id)) {
      for (const half of [first, second]) this.release(half)
      flow.end({ how: 'reset', side: 'first' })
      return flow
    }
    this.#flows.set(id, flow)
    const { block: counters } = slot
    const shared = limits.map((limit) => limit.shared)
    this.#order({ order: 'join', id, first: first.id, second: second.id, counters, slot: slot.slot, limits: shared })
    return flow
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const { promise: exited, resolve } = Promise.withResolvers<void>()
    this.#worker.once('exit', () => resolve())
    this.#order({ order: 'stop' })
    await exited
    libc.close(this.#wake)
  }

  #start(): [wake: number, worker: Worker] {
    const { onCrash, ...terms } = this.#options
    const wake = libc.eventfd(0, libc.O_NONBLOCK | libc.O_CLOEXEC)
    const workerData: WorkerStart = { ...terms, wake }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData })
    worker.unref()
    worker.on('message', (report: Report) => this.#hear(report))
    worker.on('error', (error) => {
      this.#bury()
      libc.close(wake)
      if (!this.#stopping) [this.#wake, this.#worker] = this.#start()
      onCrash(error instanceof Error ? error : new Error(String(error)))
    })
    return [wake, worker]
  }

  #order(order: Order): void {
    this.#worker.postMessage(order)
    libc.write(this.#wake, one, one.length)
  }

  #hear(report: Report): void {
    switch (report.report) {
      case 'finished':
        this.#held.get(report.id)?.watch.finished()
        break
      case 'gone':
        this.#held.get(report.id)?.watch.gone()
        break
      case 'ended':
        this.#flows.get(report.id)?.end(report.end)
        this.#flows.delete(report.id)
    }
  }

  /** The worker is dead and its descriptors are orphans: closes them, which resets nobody who is still reading. */
  #bury(): void {
    const [held, flows] = [[...this.#held.values()], [...this.#flows.values()]]
    this.#held.clear()
    this.#flows.clear()
    for (const { fd } of held) if (fd !== undefined) libc.close(fd)
    for (const { fds } of flows) for (const fd of fds) if (fd !== undefined) libc.close(fd)
    for (const flow of flows) flow.end({ how: 'crashed' })
    for (const { watch } of held) watch.gone()
  }
}

/** A descriptor that a worker holds. */
export class HeldDescriptor implements Held {
  readonly thread: Thread
  readonly id: number
  readonly fd: number | undefined
  readonly watch: HeldWatch

  constructor(thread: Thread, id: number, fd: number | undefined, watch: HeldWatch) {
    this.thread = thread
    this.id = id
    this.fd = fd
    this.watch = watch
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
