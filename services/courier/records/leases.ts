import { Failure } from '../../shared/bytestream/failure.ts'
import type { Database } from './database.ts'
import { fromNow, now } from './moment.ts'
import type { Lease, LeaseTerms } from './records.ts'

/** Who may receive or deliver a parcel has the lease of this name. */
export const leaseOf = (parcel: string): string => `parcel/${parcel}`

/** The parcel whose lease this is. */
export function parcelOf({ name }: Lease): string {
  return name.slice('parcel/'.length)
}

/** Takes a lease that nobody has. */
export async function take(db: Database, name: string, { holder, forMs }: LeaseTerms): Promise<Lease | undefined> {
  const row = await db
    .insertInto('leases')
    .values({ name, holder, fence: 1, expiresAt: fromNow(forMs) })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((row) => ({ holder, fence: row('leases.fence', '+', 1), expiresAt: fromNow(forMs) }))
        .where('leases.expiresAt', '<=', now),
    )
    .returning('fence')
    .executeTakeFirst()
  return row && { name, holder, fence: row.fence }
}

/** Lengthens a lease. One that ran out but that nobody has taken since is its holder's again. */
export async function renew(db: Database, { name, holder, fence }: Lease, forMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('leases')
    .set({ expiresAt: fromNow(forMs) })
    .where((row) => row.and({ name, holder, fence }))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Gives a lease back. The fence grows, so that nothing can be written under it any more. */
export async function release(db: Database, { name, holder, fence }: Lease): Promise<void> {
  await db
    .updateTable('leases')
    .set({ fence: fence + 1, expiresAt: now })
    .where((row) => row.and({ name, holder, fence }))
    .execute()
}

/** Throws `taken` unless this lease is still its holder's; nobody else can take it before the transaction ends. */
export async function demandLease(db: Database, { name, holder, fence }: Lease): Promise<void> {
  const row = await db
    .selectFrom('leases')
    .select('name')
    .where((row) => row.and({ name, holder, fence }))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new Failure('taken', `Cannot write under the lease of ${name}: it was lost`)
}

/** Ends all leases: whoever had them is gone when a database of one process is opened. */
export async function endAllLeases(db: Database): Promise<void> {
  await db.updateTable('leases').set({ expiresAt: now }).where('expiresAt', '>', now).execute()
}
