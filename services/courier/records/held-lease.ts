import { Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { Lease, Records } from './records.ts'

/**
 * A lease that is renewed until it is released. States: held, lost, released. It counts as lost when somebody else has it, and
 * when the database has been away for so long that somebody may.
 */
export class HeldLease {
  readonly lease: Lease
  /** Aborts when the lease is lost: whatever is done under it must stop. */
  readonly lost: AbortSignal
  readonly #records: Pick<Records, 'renew' | 'release'>
  readonly #clock: Clock
  readonly #forMs: number
  readonly #lost = new AbortController()
  #renewedAt: number
  #cancel = () => {}
  #isReleased = false

  /** Keeps a lease that was just taken for `forMs`. */
  constructor(
    { records, clock }: { readonly records: Pick<Records, 'renew' | 'release'>; readonly clock: Clock },
    lease: Lease,
    { forMs }: { readonly forMs: number },
  ) {
    this.lease = lease
    this.lost = this.#lost.signal
    this.#records = records
    this.#clock = clock
    this.#forMs = forMs
    this.#renewedAt = clock.now()
    this.#schedule()
  }

  /** Gives it back; safe to repeat. What cannot be given back runs out. */
  async release(): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#cancel()
    if (!this.lost.aborted) await this.#records.release(this.lease).catch(() => {})
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(this.#forMs / 3, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const askedAt = this.#clock.now()
    const isOurs = await this.#records.renew(this.lease, this.#forMs).catch(() => undefined)
    if (this.#isReleased) return
    if (isOurs) this.#renewedAt = askedAt
    if (isOurs === false || this.#clock.now() - this.#renewedAt >= this.#forMs) {
      this.#lost.abort(new Failure('taken', `Cannot go on: the lease of ${this.lease.name} was lost`))
    } else this.#schedule()
  }
}
