import type { Parcel } from '../parcels/parcel.ts'
import type { Database } from './database.ts'
import type { ParcelRow } from './tables.ts'

const columns = [
  ...(['id', 'sender', 'recipient', 'name', 'size', 'mediaType', 'description', 'fileDate', 'sid', 'receipt'] as const),
  ...(['state', 'outcome', 'blob', 'sha256', 'linkKey', 'downloads', 'attempts', 'linkReturns'] as const),
  ...(['offeredAt', 'storedAt', 'expiresAt', 'endedAt', 'linkedAt', 'declinedAt', 'deliveredAt'] as const),
] as const satisfies readonly (keyof ParcelRow)[]

/** The columns that make a parcel, for `select` and `returning`. */
export const parcelColumns = columns.map((column) => `parcels.${column}` as const)

/** Parcels, to be narrowed. */
export function selectParcels(db: Database) {
  return db.selectFrom('parcels').select(parcelColumns)
}

/** What a row says: columns without a value are properties that are not there. */
export function parcelOfRow({ receipt, ...row }: ParcelRow): Parcel {
  const present = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
  return { ...(present as Omit<Parcel, 'receipt'>), ...(receipt && { receipt }) }
}
