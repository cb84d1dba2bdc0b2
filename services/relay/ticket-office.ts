import { randomBytes } from 'node:crypto'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import type { HalfConnection } from './half-connection.ts'
import { TICKET_BYTES } from './trunk-preamble.ts'

/** A half that another relay may take over, and for whom. */
export interface Reservation {
  readonly half: HalfConnection
  /** Name of the relay that asked. */
  readonly owner: string
  /** Whether the owner waits for JOINED. */
  readonly confirmed: boolean
}

/**
 * Tickets for reserved halves: 256 random bits, valid once, for a while, bound to one half. A ticket that is not used
 * in time lets its half wait again.
 */
export class TicketOffice {
  readonly #clock: Clock
  readonly #ticketTimeoutMs: number
  readonly #issued = new Map<string, { reservation: Reservation; cancel: () => void }>()

  constructor(parts: { readonly clock: Clock }, options: { readonly ticketTimeoutMs: number }) {
    this.#clock = parts.clock
    this.#ticketTimeoutMs = options.ticketTimeoutMs
  }

  /** Reserves a half and sells its ticket. Throws `not-ready` when it does not wait. */
  issue(reservation: Reservation): Buffer {
    const { half } = reservation
    half.reserve()
    const ticket = randomBytes(TICKET_BYTES)
    const key = ticket.toString('hex')
    const cancel = this.#clock.after(this.#ticketTimeoutMs, () => {
      this.#issued.delete(key)
      half.unreserve()
    })
    this.#issued.set(key, { reservation, cancel })
    return ticket
  }

  /** Takes a ticket in; its half stays reserved. Throws `forbidden` for one that was never sold, is used or too old. */
  redeem(ticket: Buffer): Reservation {
    const key = ticket.toString('hex')
    const sold = this.#issued.get(key)
    if (!sold) throw new Failure('forbidden', 'Cannot open a trunk: the ticket is not valid')
    this.#issued.delete(key)
    sold.cancel()
    return sold.reservation
  }
}
