import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { RateLimit, RateLimits } from '../rate-limit.ts'
import { Alarms } from './alarms.ts'
import { openCounters } from './counters.ts'
import type { DirectionTools } from './direction.ts'
import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, Epoll } from './epoll.ts'
import { Joined, type Socket } from './joined.ts'
import * as libc from './libc.ts'
import type { Order, Report, WorkerStart } from './messages.ts'
import { PipePool } from './pipe-pool.ts'
import { resetOnClose } from './reset-on-close.ts'
import { SharedLoad } from './shared-load.ts'
import { WorkerDescriptors } from './worker-descriptors.ts'

const nothing: Buffer = Buffer.alloc(0)
const SCRATCH_BYTES = 64 * 1024
/** How long the loop sleeps at most: a process that ends waits for no longer than this. */
const SLEEP_MS = 250
const HELD_EVENTS = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLET
const JOINED_EVENTS = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET
/** The id of the eventfd; the main thread gives ids from 1. */
const WAKE_ID = 0

/** Holds and joins sockets in one loop around epoll_wait(2), until it is told to stop. */
class Worker {
  readonly #wake: number
  readonly #userTimeout: Int32Array | undefined
  readonly #tools: DirectionTools
  readonly #load: SharedLoad
  readonly #epoll: Epoll
  readonly #held = new Map<number, Socket>()
  readonly #joined = new Map<number, Joined>()
  /** Which flow a socket belongs to, and as what. */
  readonly #sides = new Map<number, { flow: Joined; side: 'first' | 'second' }>()
  /** Flows that used up their turn. */
  #unfinished = new Set<Joined>()
  /** Flows that wait for a pipe, the longest waiting first. */
  readonly #starved = new Set<Joined>()
  /** Flows that rest for their rate, or will not wait for a pipe for ever. */
  readonly #alarms = new Alarms<Joined>()
  #stopped = false

  constructor({ wake, budget, userTimeoutMs, load, opened }: WorkerStart) {
    const descriptors = new WorkerDescriptors(opened)
    this.#epoll = new Epoll(descriptors)
    this.#wake = wake
    this.#userTimeout = userTimeoutMs > 0 ? new Int32Array([userTimeoutMs]) : undefined
    this.#load = new SharedLoad(load)
    // A worker that replaces a crashed one counts on from where that one came to.
    const { pipeWaits, copiedBytes, pipesRefused } = this.#load.read()
    this.#tools = {
      pipes: new PipePool(descriptors, budget, pipesRefused),
      scratch: Buffer.alloc(SCRATCH_BYTES),
      lacked: { pipeWaits, copiedBytes },
    }
    this.#epoll.add(wake, WAKE_ID, EPOLLIN)
  }

  /** Returns when it is told to stop. Whatever is open then, or when it ends otherwise, is the main thread's to close. */
  run(): void {
    while (!this.#stopped) {
      this.#epoll.wait(this.#sleepMs(), this.#onEvent)
      for (const flow of this.#alarms.due(performance.now())) if (!flow.end) this.#after(flow, flow.turn())
      const again = this.#unfinished
      this.#unfinished = new Set()
      for (const flow of again) this.#after(flow, flow.turn())
      if (this.#starved.size > 0) this.#feed()
      this.#load.tell({ ...this.#tools.pipes.usage, ...this.#tools.lacked })
    }
  }

  /** Gives the pipes that have become free to those who wait for one, in the order of their coming. */
  #feed(): void {
    for (const flow of [...this.#starved]) {
      if (!this.#tools.pipes.available) return
      this.#starved.delete(flow)
      this.#after(flow, flow.turn())
    }
  }

  #sleepMs(): number {
    if (this.#unfinished.size > 0) return 0
    const alarmMs = this.#alarms.next(performance.now())
    return alarmMs < 0 ? SLEEP_MS : Math.min(alarmMs, SLEEP_MS)
  }

  readonly #onEvent = (id: number, events: number): void => {
    const joined = this.#sides.get(id)
    if (id === WAKE_ID) this.#obey()
    else if (joined) this.#after(joined.flow, joined.flow.on(joined.side, events))
    else if (this.#held.has(id)) tell({ report: (events & (EPOLLERR | EPOLLHUP)) !== 0 ? 'gone' : 'finished', id })
  }

  #obey(): void {
    libc.read(this.#wake, this.#tools.scratch, 8)
    for (let order = nextOrder(); order; order = nextOrder()) {
      switch (order.order) {
        case 'hold':
          this.#hold({ id: order.id, fd: order.fd, prefix: order.prefix ? Buffer.from(order.prefix.buffer) : nothing })
          break
        case 'release':
          this.#release(order.id)
          break
        case 'forget':
          this.#forget(order.id)
          break
        case 'join':
          this.#join(order)
          break
        case 'abort': {
          const flow = this.#joined.get(order.id)
          flow?.finish({ how: 'aborted' })
          if (flow) this.#after(flow, false)
          break
        }
        case 'stop':
          this.#stopped = true
      }
    }
  }

  #hold(socket: Socket): void {
    if (this.#userTimeout) {
      libc.setsockopt(socket.fd, libc.IPPROTO_TCP, libc.TCP_USER_TIMEOUT, this.#userTimeout, 4)
    }
    this.#held.set(socket.id, socket)
    if (!this.#epoll.add(socket.fd, socket.id, HELD_EVENTS)) tell({ report: 'gone', id: socket.id })
  }

  #release(id: number): void {
    const socket = this.#held.get(id)
    if (!socket) return
    this.#held.delete(id)
    tell({ report: 'released', id })
    libc.close(socket.fd)
  }

  #forget(id: number): void {
    const socket = this.#held.get(id)
    if (!socket) return
    this.#held.delete(id)
    this.#epoll.remove(socket.fd)
  }

  #join(order: Order & { order: 'join' }): void {
    const { id, first: firstId, second: secondId } = order
    const first = this.#held.get(firstId)
    const second = this.#held.get(secondId)
    if (!first || !second) throw new Error(`Cannot join ${firstId} and ${secondId}: they are not held here`)
    this.#held.delete(firstId)
    this.#held.delete(secondId)
    const limits = order.limits.map((limit) => new RateLimit(limit))
    const flow = new Joined(id, first, second, {
      counters: openCounters(order.counters, order.slot),
      tools: this.#tools,
      limits: limits.length > 0 ? new RateLimits(limits) : undefined,
    })
    this.#joined.set(id, flow)
    // From now on every end but the good one is a reset: if this process is killed, the kernel must not send a FIN that
    // would pass for the end of the file.
    for (const { fd } of [first, second]) resetOnClose(fd, true)
    this.#sides.set(firstId, { flow, side: 'first' }).set(secondId, { flow, side: 'second' })
    // A socket that could not be watched from the start cannot be now: without events its bytes would stand still.
    if (!this.#epoll.modify(first.fd, firstId, JOINED_EVENTS)) flow.finish({ how: 'reset', side: 'first' })
    if (!this.#epoll.modify(second.fd, secondId, JOINED_EVENTS)) flow.finish({ how: 'reset', side: 'second' })
    this.#after(flow, flow.turn())
  }

  #after(flow: Joined, more: boolean): void {
    if (flow.end) {
      this.#close(flow)
      return
    }
    if (more) this.#unfinished.add(flow)
    if (flow.starved) this.#starved.add(flow)
    if (!more && flow.wakeAt > 0) this.#alarms.set(flow, flow.wakeAt, performance.now())
  }

  #close(flow: Joined): void {
    if (!this.#joined.delete(flow.id)) return
    this.#unfinished.delete(flow)
    this.#starved.delete(flow)
    // Told before the descriptors are closed: whose they are is never in doubt, and no number is closed twice.
    if (flow.end) tell({ report: 'ended', id: flow.id, end: flow.end })
    for (const { id, fd } of [flow.first, flow.second]) {
      this.#sides.delete(id)
      if (flow.end?.how === 'finished') resetOnClose(fd, false)
      libc.close(fd)
    }
  }
}

function nextOrder(): Order | undefined {
  return parentPort ? receiveMessageOnPort(parentPort)?.message : undefined
}

function tell(report: Report): void {
  parentPort?.postMessage(report)
}

new Worker(workerData).run()
