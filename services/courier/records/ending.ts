import { type RawBuilder, sql } from 'kysely'
import type { NoticeKind, ParcelOutcome } from '../parcels/parcel.ts'
import type { Database } from './database.ts'
import { now } from './moment.ts'
import { writeNotice } from './notices.ts'

const told: Readonly<Record<ParcelOutcome, NoticeKind | undefined>> = {
  delivered: 'delivered',
  expired: 'expired',
  deleted: 'deleted',
  // Its sender was never told that it is stored.
  abandoned: undefined,
  refused: 'refused',
  damaged: 'damaged',
}

/** Ends a parcel that has not ended, and writes the notice. The outcome that it has now; undefined when it had ended. */
export async function end(db: Database, id: string, outcome: ParcelOutcome): Promise<ParcelOutcome | undefined> {
  const before = await db
    .selectFrom('parcels')
    .select(['id', 'sender', 'recipient', 'state', 'deliveredAt'])
    .where('id', '=', id)
    .where('state', '<>', 'ended')
    .forUpdate()
    .executeTakeFirst()
  if (!before) return undefined
  const delivered = before.deliveredAt !== null
  // Its time has come, and somebody had it: that is no failure.
  const actual = outcome === 'expired' && delivered ? 'delivered' : outcome
  await db
    .updateTable('parcels')
    .set({ state: 'ended', outcome: actual, endedAt: now })
    .$if(actual === 'delivered' && !delivered, (query) => query.set({ deliveredAt: now }))
    .where('id', '=', id)
    .execute()
  const kind = told[actual]
  // Who was told that it is delivered has heard the end of it; one that was never stored can be refused, and no more.
  const isNews = !delivered && (before.state === 'stored' || outcome === 'refused')
  if (kind && isNews) await writeNotice(db, kind, before)
  return actual
}

/**
 * Ends what is past its time and what nobody has been sending for too long. What is being received or delivered now may
 * come to its end.
 */
export async function expire(
  db: Database,
  { abandonAfterMs, limit }: { readonly abandonAfterMs: number; readonly limit: number },
): Promise<ParcelOutcome[]> {
  const leaseUntil = (since: RawBuilder<Date>) => sql<boolean>`exists (
    select from leases where name = 'parcel/' || parcels.id and leases.expires_at > ${since})`
  const idleSince = sql<Date>`clock_timestamp() - coalesce(abandon_after_ms, ${abandonAfterMs}) * interval '1 millisecond'`
  const due = await db
    .selectFrom('parcels')
    .select(['id', 'state'])
    .where('state', '<>', 'ended')
    .where(({ not }) => not(leaseUntil(now)))
    .where(({ and, eb, not, or }) =>
      or([
        eb('expiresAt', '<=', now),
        and([eb('state', '=', 'receiving'), eb('offeredAt', '<=', idleSince), not(leaseUntil(idleSince))]),
      ]),
    )
    .orderBy('expiresAt')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  const outcomes: ParcelOutcome[] = []
  for (const { id, state } of due) {
    const outcome = await end(db, id, state === 'receiving' ? 'abandoned' : 'expired')
    if (outcome) outcomes.push(outcome)
  }
  return outcomes
}
