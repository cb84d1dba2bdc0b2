import type { Clock } from '../../shared/runtime/clock.ts'

/** How many connections a second are let in: a bucket that holds one second's worth and fills evenly. */
export class ConnectionRate {
  readonly #clock: Pick<Clock, 'now'>
  readonly #perSecond: number
  #left: number
  #filledAtMs: number

  /** `perSecond` 0 sets no limit. */
  constructor({ clock }: { readonly clock: Pick<Clock, 'now'> }, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#filledAtMs = clock.now()
  }

  /** Counts one connection; false when it comes too fast after the others. */
  take(): boolean {
    if (this.#perSecond === 0) return true
    const nowMs = this.#clock.now()
    const earned = ((nowMs - this.#filledAtMs) / 1_000) * this.#perSecond
    this.#filledAtMs = nowMs
    this.#left = Math.min(this.#perSecond, this.#left + earned)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
