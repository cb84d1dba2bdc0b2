import type { Generated, Selectable } from 'kysely'
import type { NoticeKind, ParcelOutcome, ParcelState } from '../parcels/parcel.ts'

/**
 * The tables as the newest migration leaves them; columns are `snake_case` in the database. Times are written by the
 * database's clock only (`moment.ts`).
 */
export interface Tables {
  parcels: ParcelTable
  leases: LeaseTable
  notices: NoticeTable
  subscriptions: SubscriptionTable
}

/** One row for each parcel, until it is forgotten. */
export interface ParcelTable {
  id: string
  sender: string
  recipient: string | null
  identity: string
  name: string
  size: number
  mediaType: string
  description: string | null
  fileDate: string | null
  sid: string | null
  receipt: boolean
  /** Of its latest draft, where that had one. */
  abandonAfterMs: number | null
  state: ParcelState
  outcome: ParcelOutcome | null
  blob: string
  sha256: string | null
  /** Digests of the blocks; read by those who verify, never along with the rest. */
  blocks: Buffer | null
  linkKey: string
  offeredAt: Date
  storedAt: Date | null
  expiresAt: Date
  endedAt: Date | null
  linkedAt: Date | null
  linkReturns: Generated<number>
  declinedAt: Date | null
  deliveredAt: Date | null
  /** When its blob was found to be gone, after it had ended. */
  disposedAt: Date | null
  downloads: Generated<number>
  attempts: Generated<number>
}

/** One row for each name that was ever taken; the fence must outlive whoever had it. */
export interface LeaseTable {
  name: string
  holder: string
  fence: number
  expiresAt: Date
}

/** What is yet to be told. The row goes when it was. */
export interface NoticeTable {
  id: string
  /** The order in which they were written. */
  position: Generated<number>
  parcel: string
  kind: NoticeKind
  addressee: string
  hiddenUntil: Date
}

export interface SubscriptionTable {
  user: string
  sees: boolean
  asked: boolean
  refused: boolean
  follows: string[]
}

export type ParcelRow = Selectable<Omit<ParcelTable, 'blocks' | 'identity' | 'abandonAfterMs' | 'disposedAt'>>
