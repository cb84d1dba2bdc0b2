import type { FlowEnd } from '../engine.ts'
import type { RateLimits } from '../rate-limit.ts'
import { Direction, type DirectionTools, type Turn } from './direction.ts'
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } from './epoll.ts'

/** A socket in a worker's hands. */
export interface Socket {
  readonly id: number
  readonly fd: number
  readonly prefix: Buffer
}

/** What a joined pair works with. */
export interface JoinedParts {
  /** Where it counts. */
  readonly counters: Float64Array
  readonly tools: DirectionTools
  /** Undefined when nothing limits its rate. */
  readonly limits: RateLimits | undefined
}

/** Two sockets whose bytes a worker moves. It ends them itself when both directions have finished, or one is reset. */
export class Joined {
  readonly id: number
  readonly first: Socket
  readonly second: Socket
  readonly #fromFirst: Direction
  readonly #fromSecond: Direction
  readonly #counters: Float64Array
  #end: FlowEnd | undefined
  #starved = false

  constructor(id: number, first: Socket, second: Socket, { counters, tools, limits }: JoinedParts) {
    this.id = id
    this.first = first
    this.second = second
    this.#counters = counters
    this.#fromFirst = new Direction({ from: first.fd, to: second.fd, prefix: first.prefix }, tools, limits)
    this.#fromSecond = new Direction({ from: second.fd, to: first.fd, prefix: second.prefix }, tools, limits)
  }

  /** When to look at it again though nothing happens; 0 for never. */
  get wakeAt(): number {
    const [first, second] = [this.#fromFirst.wakeAt, this.#fromSecond.wakeAt]
    return first === 0 || second === 0 ? Math.max(first, second) : Math.min(first, second)
  }

  /** True when a direction of it waits for a pipe. */
  get starved(): boolean {
    return this.#starved
  }

  /** How it ended, once it has. */
  get end(): FlowEnd | undefined {
    return this.#end
  }

  /** Moves both directions. True when there is more to do at once. */
  turn(): boolean {
    this.#starved = false
    const more = this.#move(this.#fromFirst, 'first')
    return this.#move(this.#fromSecond, 'second') || more
  }

  /** Moves what an event on one of its sockets allows. True when there is more to do at once. */
  on(side: 'first' | 'second', events: number): boolean {
    const [reads, writes] = side === 'first' ? [this.#fromFirst, this.#fromSecond] : [this.#fromSecond, this.#fromFirst]
    if ((events & EPOLLERR) !== 0) {
      this.finish({ how: 'reset', side })
      return false
    }
    if ((events & EPOLLPRI) !== 0) reads.copy()
    let more = false
    if ((events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP)) !== 0) more = this.#move(reads, side)
    if ((events & EPOLLOUT) !== 0 && writes.blocked) {
      more = this.#move(writes, side === 'first' ? 'second' : 'first') || more
    }
    return more
  }

  /** Ends it; the first reason counts. Its sockets are then the worker's to close. */
  finish(end: FlowEnd): void {
    if (this.#end) return
    this.#end = end
    this.#fromFirst.close()
    this.#fromSecond.close()
    this.#count()
  }

  #move(direction: Direction, from: 'first' | 'second'): boolean {
    if (this.#end) return false
    const turn: Turn = direction.turn()
    if (turn === 'reset-in') this.finish({ how: 'reset', side: from })
    else if (turn === 'reset-out') this.finish({ how: 'reset', side: from === 'first' ? 'second' : 'first' })
    else if (this.#fromFirst.finished && this.#fromSecond.finished) this.finish({ how: 'finished' })
    else this.#count()
    this.#starved ||= turn === 'starved'
    return turn === 'unfinished'
  }

  #count(): void {
    this.#counters[0] = this.#fromFirst.delivered
    this.#counters[1] = Number(this.#fromFirst.blocked)
    this.#counters[2] = this.#fromSecond.delivered
    this.#counters[3] = Number(this.#fromSecond.blocked)
  }
}
