import type { Clock } from '../../shared/runtime/clock.ts'
import type { Reception } from '../parcels/reception.ts'
import type { Presence } from '../presence/presence.ts'
import type { Records } from '../records/records.ts'
import type { DeliveryEvents } from './delivery-events.ts'
import type { RoundResult } from './round.ts'

export interface DeliveryParts {
  readonly records: Pick<Records, 'recipients'>
  readonly presence: Pick<Presence, 'onArrival'>
  readonly reception: Pick<Reception, 'onStored'>
  /** Looks once at all that waits for a recipient. */
  readonly round: (recipient: string, signal: AbortSignal) => Promise<RoundResult>
  readonly events: Pick<DeliveryEvents, 'roundFailed' | 'lookFailed'>
  readonly clock: Clock
  readonly random: () => number
}

export interface DeliveryOptions {
  readonly deliveriesAtOnce: number
  readonly arrivalDelayMs: number
  readonly deliveryRetryMs: number
  readonly deliveryRetryMaxMs: number
  readonly deliverySweepMs: number
}

/** A recipient who is to be looked after. */
type Turn =
  | { readonly state: 'due'; readonly cancel: () => void }
  | { readonly state: 'queued' }
  /** `again`: something happened meanwhile; how long after the round's end it is looked again. */
  | { readonly state: 'running'; again?: number }

/**
 * Says when which recipient is looked after: when he comes, when something was stored for him, again in a while after
 * trouble, and all of them when the component connects and now and then. One round at a time for a recipient, a few
 * recipients at once. While the component is not connected nothing happens.
 *
 * A recipient is absent → `due` → `queued` → `running` → absent, or `due` again. `stop()` ends it.
 */
export class Delivery {
  readonly #parts: DeliveryParts
  readonly #options: DeliveryOptions
  readonly #turns = new Map<string, Turn>()
  readonly #queue: string[] = []
  readonly #running = new Set<Promise<void>>()
  /** Times in a row that it did not go well with a recipient. */
  readonly #setbacks = new Map<string, number>()
  readonly #stopListening: readonly (() => void)[]
  /** While the component is connected. */
  #connection: AbortController | undefined
  #cancelSweep = () => {}

  constructor(parts: DeliveryParts, options: DeliveryOptions) {
    this.#parts = parts
    this.#options = options
    this.#stopListening = [
      parts.presence.onArrival((user) => this.#arrived(user)),
      parts.reception.onStored(({ recipient }) => {
        if (recipient !== undefined) this.#wake(recipient, 0)
      }),
    ]
  }

  /** Recipients who are being looked after. */
  get active(): number {
    return this.#running.size
  }

  /** Recipients who wait for their turn. */
  get queued(): number {
    return this.#queue.length
  }

  /** The component is connected: looks after everybody for whom something waits. */
  connected(): void {
    if (this.#connection) return
    this.#connection = new AbortController()
    void this.#sweep(this.#connection.signal)
  }

  /** The component is not connected any more: what runs is broken off, and what was planned is forgotten. */
  disconnected(cause: unknown): void {
    this.#connection?.abort(cause)
    this.#connection = undefined
    this.#cancelSweep()
    for (const [recipient, turn] of this.#turns) {
      if (turn.state === 'due') turn.cancel()
      if (turn.state !== 'running') this.#turns.delete(recipient)
    }
    this.#queue.length = 0
  }

  /** What was sent to a recipient came back: it is tried again, later each time. */
  returned(recipient: string): void {
    this.#retry(recipient)
  }

  /** Breaks off what runs and stays still. Resolves when nothing runs. */
  async stop(): Promise<void> {
    for (const stop of this.#stopListening) stop()
    this.disconnected(new Error('The courier stops'))
    await Promise.all(this.#running)
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { records, events, clock } = this.#parts
    let nextMs = this.#options.deliverySweepMs
    try {
      const recipients = await records.recipients()
      if (signal.aborted) return
      for (const recipient of recipients) this.#wake(recipient, 0)
    } catch (error) {
      if (signal.aborted) return
      events.lookFailed(error)
      nextMs = Math.min(nextMs, this.#options.deliveryRetryMs)
    }
    this.#cancelSweep = clock.after(nextMs, () => void this.#sweep(signal))
  }

  #arrived(recipient: string): void {
    this.#setbacks.delete(recipient)
    const turn = this.#turns.get(recipient)
    if (turn?.state === 'due') {
      turn.cancel()
      this.#turns.delete(recipient)
    }
    this.#wake(recipient, this.#options.arrivalDelayMs)
  }

  #retry(recipient: string): void {
    const setbacks = (this.#setbacks.get(recipient) ?? 0) + 1
    this.#setbacks.set(recipient, setbacks)
    const { deliveryRetryMs, deliveryRetryMaxMs } = this.#options
    const ceilingMs = Math.min(deliveryRetryMaxMs, deliveryRetryMs * 2 ** (setbacks - 1))
    // Chance spreads those who all had trouble at the same moment.
    this.#wake(recipient, ceilingMs * (0.5 + this.#parts.random() / 2))
  }

  /** Looks after a recipient in `afterMs`, unless that is planned already. */
  #wake(recipient: string, afterMs: number): void {
    if (!this.#connection) return
    const turn = this.#turns.get(recipient)
    if (turn?.state === 'running') turn.again = Math.min(turn.again ?? afterMs, afterMs)
    if (turn) return
    const due = () => {
      this.#turns.set(recipient, { state: 'queued' })
      this.#queue.push(recipient)
      this.#next()
    }
    if (afterMs === 0) {
      due()
      return
    }
    this.#turns.set(recipient, { state: 'due', cancel: this.#parts.clock.after(afterMs, due) })
  }

  #next(): void {
    while (this.#connection && this.#running.size < this.#options.deliveriesAtOnce) {
      const recipient = this.#queue.shift()
      if (recipient === undefined) return
      const running = this.#run(recipient, this.#connection.signal).finally(() => {
        this.#running.delete(running)
        this.#next()
      })
      this.#running.add(running)
    }
  }

  async #run(recipient: string, signal: AbortSignal): Promise<void> {
    const turn: Turn & { state: 'running' } = { state: 'running' }
    this.#turns.set(recipient, turn)
    const waits = await this.#look(recipient, signal)
    this.#turns.delete(recipient)
    if (turn.again !== undefined) this.#wake(recipient, turn.again)
    else if (waits === 'retry' && !signal.aborted) this.#retry(recipient)
  }

  async #look(recipient: string, signal: AbortSignal): Promise<RoundResult['waits']> {
    try {
      const { waits, delivered } = await this.#parts.round(recipient, signal)
      if (waits === 'empty' || delivered > 0) this.#setbacks.delete(recipient)
      return waits
    } catch (error) {
      if (!signal.aborted) this.#parts.events.roundFailed(recipient, error)
      return 'retry'
    }
  }
}
