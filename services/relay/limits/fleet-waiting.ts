import { defaultTerms, type RelayRecord } from '../../shared/registry/registry.ts'
import type { Clock } from '../../shared/runtime/clock.ts'

/** What a relay was last heard to hold. */
interface Heard {
  readonly waiting: number
  readonly atMs: number
}

/**
 * How many halves wait on all relays together, and whether that is as many as may: each takes memory of the registry. Those
 * here are counted as they are. Those elsewhere are known from the records that a heartbeat of ours reads, which a
 * heartbeat of theirs wrote: the count lags by two heartbeats, and the bound is exceeded by what the others let in
 * meanwhile. While nothing is heard, what was heard last counts.
 */
export class FleetWaiting {
  readonly #clock: Pick<Clock, 'now'>
  readonly #here: () => number
  readonly #pod: string
  readonly #most: number
  readonly #leaseMs: number
  readonly #others = new Map<string, Heard>()
  #elsewhere = 0

  constructor(
    {
      clock,
      here,
      leaseMs = defaultTerms.halfLeaseMs,
    }: {
      readonly clock: Pick<Clock, 'now'>
      /** How many wait on this relay. */
      readonly here: () => number
      /** How long the registry keeps a half that nobody renews. */
      readonly leaseMs?: number
    },
    { pod, maxFleetWaiting }: { readonly pod: string; readonly maxFleetWaiting: number },
  ) {
    this.#clock = clock
    this.#here = here
    this.#leaseMs = leaseMs
    this.#pod = pod
    this.#most = maxFleetWaiting
  }

  /** How many wait, on all relays together. */
  get size(): number {
    return this.#here() + this.#elsewhere
  }

  /** Whether one more would be too many. */
  get full(): boolean {
    return this.size >= this.#most
  }

  /**
   * Takes in what the registry lists. A relay that drains counts like any other. One that is listed no more counts for as
   * long as the leases of halves: of a relay that was killed the registry still holds them, and one that has left in good
   * order had next to none at the end.
   */
  heard(listed: readonly RelayRecord[]): void {
    const nowMs = this.#clock.now()
    for (const { name, waiting = 0 } of listed) {
      if (name !== this.#pod) this.#others.set(name, { waiting, atMs: nowMs })
    }
    this.#elsewhere = 0
    for (const [name, { waiting, atMs }] of this.#others) {
      if (nowMs - atMs < this.#leaseMs) this.#elsewhere += waiting
      else this.#others.delete(name)
    }
  }
}
