import { Failure } from '../../shared/bytestream/failure.ts'
import type { LinkState } from '../../shared/component/link.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { Element } from '../../shared/xmpp/xml.ts'
import { HeldLease } from '../records/held-lease.ts'
import type { Lease, Records } from '../records/records.ts'

/** The link of one tenure. */
export interface SeatLink {
  start(): void
  stop(): Promise<void>
  /** Tries at once, where an attempt is being waited for. */
  retry(): void
  send(stanza: Element): Promise<void>
}

export interface SeatParts {
  readonly records: Pick<Records, 'take' | 'renew' | 'release'>
  /** Makes a link that has not started and tells of its state. */
  readonly openLink: (onState: (state: LinkState) => void) => SeatLink
  /** Hears of every change of the state. */
  readonly onState: (state: LinkState) => void
  readonly clock: Clock
  readonly events: {
    componentStandsBy(): void
    /** Whether we may connect could not be found out, or we may no more. */
    seatLost(error: unknown): void
  }
}

export interface SeatOptions {
  /** Name of this process among all that use the database: see `LeaseTerms`. */
  readonly holder: string
  readonly componentStandbyMs: number
}

const leaseMs = 15_000

/**
 * The one place at the XMPP server that all replicas share: whoever has its lease in the records connects, the others
 * wait for it. So no two of them answer for the same address, whatever the server makes of two connections.
 *
 * States are those of a link: `connecting` while the records do not answer or the server has not accepted us, `connected`,
 * `standby` while another replica has the seat, `stopped`.
 */
export class Seat {
  readonly #parts: SeatParts
  readonly #options: SeatOptions
  readonly #stopping = new AbortController()
  #state: LinkState = 'connecting'
  /** The records did not answer when they were last asked. */
  #inDark = false
  #link: SeatLink | undefined
  #running: Promise<void> | undefined

  constructor(parts: SeatParts, options: SeatOptions) {
    this.#parts = parts
    this.#options = options
  }

  get state(): LinkState {
    return this.#state
  }

  /** Starts to wait for the seat. Whoever starts it stops it. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Tries at once to connect, where an attempt is being waited for. */
  retry(): void {
    this.#link?.retry()
  }

  /** Sends a stanza of our own accord. Throws `unavailable` while we are not connected. */
  async send(stanza: Element): Promise<void> {
    if (!this.#link) throw new Failure('unavailable', 'Cannot send a stanza: this replica is not connected')
    await this.#link.send(stanza)
  }

  /** Disconnects and lets another replica take the seat. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    this.#move('stopped')
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const lease = await this.#take()
      if (lease) await this.#sit(lease)
      else await this.#wait()
    }
  }

  async #take(): Promise<Lease | undefined> {
    const { records, events } = this.#parts
    try {
      const lease = await records.take('component', { holder: this.#options.holder, forMs: leaseMs })
      if (!lease && this.#state !== 'standby') events.componentStandsBy()
      this.#move(lease ? 'connecting' : 'standby')
      this.#inDark = false
      return lease
    } catch (error) {
      if (!this.#inDark) events.seatLost(error)
      this.#inDark = true
      this.#move('connecting')
      return undefined
    }
  }

  /** One tenure: connected, or trying to be, until the seat is lost or given up. */
  async #sit(lease: Lease): Promise<void> {
    const held = new HeldLease(this.#parts, lease, { forMs: leaseMs })
    const link = this.#parts.openLink((state) => {
      if (state !== 'stopped') this.#move(state)
    })
    this.#link = link
    if (!this.#stopping.signal.aborted) {
      link.start()
      await aborted(AbortSignal.any([held.lost, this.#stopping.signal]))
    }
    this.#link = undefined
    await link.stop()
    await held.release()
    if (held.lost.aborted) this.#parts.events.seatLost(held.lost.reason)
    this.#move('connecting')
  }

  #move(state: LinkState): void {
    if (state === this.#state) return
    this.#state = state
    this.#parts.onState(state)
  }

  #wait(): Promise<void> {
    const { signal } = this.#stopping
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#parts.clock.after(this.#options.componentStandbyMs, done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
