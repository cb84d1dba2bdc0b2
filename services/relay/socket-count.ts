import type { Socket } from 'node:net'

/** Client sockets of all listeners together, bounded. */
export class SocketCount {
  /** How many there may be. */
  readonly capacity: number
  #open = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get open(): number {
    return this.#open
  }

  /** Counts a socket until it closes; false when there is no place for it. */
  take(socket: Socket): boolean {
    if (this.#open >= this.capacity) return false
    this.#open += 1
    socket.once('close', () => {
      this.#open -= 1
    })
    return true
  }
}
