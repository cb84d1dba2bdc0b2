import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { Parcel, ParcelDraft } from '../parcels/parcel.ts'
import type { Database } from './database.ts'
import { leaseOf, take } from './leases.ts'
import { fromNow, now } from './moment.ts'
import { parcelColumns, parcelOfRow } from './parcel-rows.ts'
import { demandRoom, one } from './quotas.ts'
import type { Lease, ReserveTerms } from './records.ts'

/** Makes a parcel that is `receiving`, or finds the one that an earlier offer of the same has left, and takes its lease. */
export async function reserve(
  db: Database,
  draft: ParcelDraft,
  terms: ReserveTerms,
): Promise<{ parcel: Parcel; lease: Lease }> {
  await one(db, `sender/${draft.sender}`)
  const parcel = (await continueParcel(db, draft, terms)) ?? (await makeParcel(db, draft, terms))
  const lease = await take(db, leaseOf(parcel.id), terms)
  if (!lease) throw new Failure('taken', `Cannot receive parcel ${parcel.id}: it is being received already`)
  return { parcel, lease }
}

/** The latest offer counts, and the time for which it is kept begins anew. */
async function continueParcel(db: Database, draft: ParcelDraft, terms: ReserveTerms): Promise<Parcel | undefined> {
  const { sender, identity, recipient = null, sid = null, receipt = false, abandonAfterMs = null } = draft
  const row = await db
    .updateTable('parcels')
    .set({ sid, receipt, abandonAfterMs, expiresAt: expiryOf(draft, terms) })
    .where((row) => row.and({ sender, identity, state: 'receiving' }))
    .where('recipient', 'is not distinct from', recipient)
    .returning(parcelColumns)
    .executeTakeFirst()
  return row && parcelOfRow(row)
}

async function makeParcel(db: Database, draft: ParcelDraft, terms: ReserveTerms): Promise<Parcel> {
  await demandRoom(db, draft, terms.quotas)
  const { expiresAt: _, receipt = false, ...given } = draft
  const row = await db
    .insertInto('parcels')
    .values({
      ...given,
      receipt,
      id: randomBytes(16).toString('base64url'),
      linkKey: randomBytes(24).toString('base64url'),
      blob: randomBytes(16).toString('hex'),
      state: 'receiving',
      offeredAt: now,
      expiresAt: expiryOf(draft, terms),
    })
    .returning(parcelColumns)
    .executeTakeFirstOrThrow()
  return parcelOfRow(row)
}

function expiryOf({ expiresAt }: ParcelDraft, { keepMs }: ReserveTerms) {
  return sql<Date>`least(${fromNow(keepMs)}, ${expiresAt ?? null}::timestamptz)`
}
