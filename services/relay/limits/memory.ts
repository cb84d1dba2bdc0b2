import { readFileSync } from 'node:fs'
import type { Clock } from '../../shared/runtime/clock.ts'

/** What a relay may use of its container’s memory before it takes nobody in: what lies above is for those it has. */
const SHARE = 0.9
/** How often the kernel is asked. */
const LOOK_MS = 1_000

/** Whether this process has grown so large that it had better take nobody in; looked at when asked, once a second at most. */
export class MemoryBound {
  readonly #clock: Pick<Clock, 'now'>
  readonly #resident: () => number
  readonly #mostBytes: number
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #exceeded = false

  /** `mostBytes` undefined sets no bound. */
  constructor(
    parts: { readonly clock: Pick<Clock, 'now'>; readonly resident: () => number },
    mostBytes: number | undefined,
  ) {
    this.#clock = parts.clock
    this.#resident = parts.resident
    this.#mostBytes = mostBytes ?? Number.POSITIVE_INFINITY
  }

  get exceeded(): boolean {
    const nowMs = this.#clock.now()
    if (nowMs - this.#lookedAtMs >= LOOK_MS) {
      this.#lookedAtMs = nowMs
      this.#exceeded = this.#resident() >= this.#mostBytes
    }
    return this.#exceeded
  }
}

/** The share of its container’s memory that this process may use; undefined where nothing says what that is. */
export function memoryShare(read = (path: string) => readFileSync(path, 'utf8')): number | undefined {
  try {
    const bytes = Number(read('/sys/fs/cgroup/memory.max'))
    return Number.isFinite(bytes) ? Math.floor(bytes * SHARE) : undefined
  } catch {
    // Not Linux, or no container.
    return undefined
  }
}

/** The memory that this process has, in bytes; 0 where nothing says. */
export function residentMemory(read = (path: string) => readFileSync(path, 'utf8')): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read('/proc/self/status'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
