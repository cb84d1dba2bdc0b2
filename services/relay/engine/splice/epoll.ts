import { arch, endianness } from 'node:os'
import { Failure } from '../../../shared/bytestream/failure.ts'
import * as libc from './libc.ts'
import type { WorkerDescriptors } from './worker-descriptors.ts'

/** epoll_ctl(2): what a descriptor can be watched for. */
export const EPOLLIN = 0x001
export const EPOLLPRI = 0x002
export const EPOLLOUT = 0x004
export const EPOLLERR = 0x008
export const EPOLLHUP = 0x010
export const EPOLLRDHUP = 0x2000
export const EPOLLET = 0x80000000

const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3
const EPOLL_CLOEXEC = libc.O_CLOEXEC

// struct epoll_event: 32 bits of events, 64 of data; packed on x86-64 only.
const DATA_OFFSET = arch() === 'x64' ? 4 : 8
const EVENT_BYTES = DATA_OFFSET + 8
const EVENTS_A_TURN = 256

/** One epoll instance, noted in `opened`. Watched descriptors are known by an id, not by their number: numbers are used again. */
export class Epoll {
  readonly #fd: number
  readonly #event = Buffer.alloc(EVENT_BYTES)
  readonly #events = Buffer.alloc(EVENT_BYTES * EVENTS_A_TURN)

  constructor(opened: WorkerDescriptors) {
    if (endianness() !== 'LE') throw new Failure('internal', 'epoll events are laid out for little-endian machines')
    this.#fd = libc.epollCreate(EPOLL_CLOEXEC)
    if (this.#fd < 0) throw new Failure('internal', `Cannot create an epoll instance: errno ${libc.errno()}`)
    opened.add(this.#fd)
  }

  /** Starts to watch a descriptor under an id. False when the kernel does not, errno says why. */
  add(fd: number, id: number, events: number): boolean {
    return this.#control(EPOLL_CTL_ADD, fd, id, events)
  }

  /** Watches it for something else; what is ready now is reported anew. */
  modify(fd: number, id: number, events: number): boolean {
    return this.#control(EPOLL_CTL_MOD, fd, id, events)
  }

  /** Watches it no more. One that was closed meanwhile is not watched anyway. */
  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0, 0)
  }

  /** Waits for events, at most `timeoutMs`, and hands each to `on`. */
  wait(timeoutMs: number, on: (id: number, events: number) => void): void {
    const count = libc.epollWait(this.#fd, this.#events, EVENTS_A_TURN, timeoutMs)
    if (count < 0 && libc.errno() !== libc.EINTR) {
      throw new Failure('internal', `Cannot wait for events: errno ${libc.errno()}`)
    }
    for (let at = 0; at < count * EVENT_BYTES; at += EVENT_BYTES) {
      const low = this.#events.readUInt32LE(at + DATA_OFFSET)
      const high = this.#events.readUInt32LE(at + DATA_OFFSET + 4)
      on(high * 2 ** 32 + low, this.#events.readUInt32LE(at))
    }
  }

  #control(operation: number, fd: number, id: number, events: number): boolean {
    // EPOLLET is the sign bit of what the bit operators give.
    this.#event.writeUInt32LE(events >>> 0, 0)
    this.#event.writeUInt32LE(id % 2 ** 32, DATA_OFFSET)
    this.#event.writeUInt32LE(Math.floor(id / 2 ** 32), DATA_OFFSET + 4)
    return libc.epollCtl(this.#fd, operation, fd, this.#event) === 0
  }
}
