import type { Clock } from '../../shared/runtime/clock.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { Switchboard } from '../addresses/switchboard.ts'
import type { Records } from '../records/records.ts'
import type { DeliveryEvents } from './delivery-events.ts'
import { noticeMessage } from './notice-message.ts'

export interface NotifierParts {
  readonly records: Pick<Records, 'takeNotices' | 'noticeSent'>
  readonly switchboard: Pick<Switchboard, 'send' | 'settled'>
  readonly events: Pick<DeliveryEvents, 'noticeSent' | 'lookFailed'>
  readonly clock: Clock
}

export interface NotifierOptions {
  readonly componentDomain: string
  /** How often it is looked for notices of which nobody has told us. */
  readonly noticesMs: number
}

/** How long notices that were taken are hidden from others: far longer than sending them takes. */
const hideMs = 60_000
const batch = 50

/**
 * Tells senders what became of their files: sends the notices that the records hold, oldest first, and marks them. Each
 * at least once: a crash between the two repeats it with the same id. While the component is not connected, nothing is
 * taken. `stop()` ends it.
 */
export class Notifier {
  readonly #parts: NotifierParts
  readonly #options: NotifierOptions
  #connected = false
  #draining: Promise<void> | undefined
  /** There may be more than was seen. */
  #again = false
  #cancelLook = () => {}

  constructor(parts: NotifierParts, options: NotifierOptions) {
    this.#parts = parts
    this.#options = options
  }

  connected(): void {
    this.#connected = true
    this.wake()
  }

  disconnected(): void {
    this.#connected = false
    this.#cancelLook()
  }

  /** Looks for notices now. */
  wake(): void {
    if (!this.#connected) return
    this.#again = true
    this.#draining ??= this.#drain()
  }

  /** Stays still; resolves when nothing is on its way. */
  async stop(): Promise<void> {
    this.disconnected()
    await this.#draining
  }

  async #drain(): Promise<void> {
    const { records, switchboard, events, clock } = this.#parts
    try {
      while (this.#connected && this.#again) {
        // Whoever wakes us while we look is heard.
        this.#again = false
        const notices = await records.takeNotices({ forMs: hideMs, limit: batch })
        if (notices.length === batch) this.#again = true
        for (const notice of notices) await switchboard.send(noticeMessage(notice, this.#options.componentDomain))
        if (notices.length > 0) await switchboard.settled()
        for (const notice of notices) {
          killPoint('parcel-notice-sent')
          await records.noticeSent(notice.id)
          events.noticeSent(notice)
        }
      }
    } catch (error) {
      if (this.#connected) events.lookFailed(error)
    } finally {
      this.#draining = undefined
      this.#cancelLook()
      if (this.#connected) this.#cancelLook = clock.after(this.#options.noticesMs, () => this.wake())
    }
  }
}
