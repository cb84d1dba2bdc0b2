import type { Clock } from '../../shared/runtime/clock.ts'

/** Who moves less than this in the time of a stall holds a place that others could use. */
const leastBytes = 16 * 1024

/**
 * Watches how fast a peer sends or reads, and calls back once when it is too slow: less than 16 KiB in `stallMs`, not
 * counting the time that we took ourselves. Whoever makes one stops it.
 */
export class Pace {
  readonly #clock: Clock
  readonly #onStall: () => void
  #cancel: () => void
  #bytes = 0
  /** Of ours, since the last look. */
  #oursMs = 0
  #ourTurnSince: number | undefined

  constructor({ clock }: { readonly clock: Clock }, stallMs: number, onStall: () => void) {
    this.#clock = clock
    this.#onStall = onStall
    const look = () => {
      this.#countOurs()
      if (this.#oursMs >= 1) {
        this.#cancel = clock.after(this.#oursMs, look)
      } else {
        if (this.#bytes < leastBytes) return this.#onStall()
        this.#bytes = 0
        this.#cancel = clock.after(stallMs, look)
      }
      this.#oursMs = 0
    }
    this.#cancel = clock.after(stallMs, look)
  }

  /** The peer has sent or taken so many bytes. */
  moved(bytes: number): void {
    this.#bytes += bytes
  }

  /** The peer waits for this work of ours. */
  async excuse<T>(work: Promise<T>): Promise<T> {
    this.#ourTurnSince = this.#clock.now()
    try {
      return await work
    } finally {
      this.#countOurs()
      this.#ourTurnSince = undefined
    }
  }

  stop(): void {
    this.#cancel()
  }

  #countOurs(): void {
    if (this.#ourTurnSince === undefined) return
    const now = this.#clock.now()
    this.#oursMs += now - this.#ourTurnSince
    this.#ourTurnSince = now
  }
}
