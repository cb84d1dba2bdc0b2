import * as libc from './libc.ts'

/**
 * The descriptors that a worker has opened for itself, in memory that outlives it: V8 may end a worker between any two
 * lines of it, for want of memory, and then only the main thread is left to close them.
 */
export class WorkerDescriptors {
  readonly shared: SharedArrayBuffer
  /** One more than each descriptor, so that 0 is a free place. */
  readonly #places: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared
    this.#places = new Int32Array(shared)
  }

  /** Memory for so many descriptors. */
  static room(count: number): WorkerDescriptors {
    return new WorkerDescriptors(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT))
  }

  /** Notes a descriptor that was opened. */
  add(fd: number): void {
    this.#places[this.#places.indexOf(0)] = fd + 1
  }

  /** Closes one of them. Struck off first: its number may be somebody else's at once. */
  close(fd: number): void {
    this.#places[this.#places.indexOf(fd + 1)] = 0
    libc.close(fd)
  }

  /** Closes what is left of a worker that is no more. */
  closeAll(): void {
    for (const place of this.#places) if (place > 0) this.close(place - 1)
  }
}
