import { sql } from 'kysely'
import type { ParcelDraft } from '../parcels/parcel.ts'
import type { Database } from './database.ts'
import { fromNow } from './moment.ts'
import { QuotaExceeded } from './quota-exceeded.ts'
import type { Quotas } from './records.ts'

const dayMs = 86_400_000

/**
 * Throws `QuotaExceeded` unless there is room for a parcel of this size. Inside the transaction that makes the parcel: until
 * it ends nobody else is told that there is room for the same sender, recipient, or in all.
 */
export async function demandRoom(db: Database, draft: ParcelDraft, quotas: Quotas): Promise<void> {
  const { sender, recipient, size } = draft
  if (quotas.totalBytes > 0) await one(db, 'total')
  if (recipient !== undefined) await one(db, `recipient/${recipient}`)

  const limits: readonly (readonly [limit: keyof Quotas, used: () => Promise<number>, more: number, what: string])[] = [
    ['totalBytes', () => keptBytes(db), size, 'bytes are kept here'],
    ['bytesPerSender', async () => (await kept(db, { sender })).bytes, size, `bytes are kept for ${sender}`],
    ['parcelsPerSender', async () => (await kept(db, { sender })).parcels, 1, `files are kept for ${sender}`],
    ['dailyBytesPerSender', () => sentToday(db, sender), size, `bytes a day may be sent by ${sender}`],
    ...(recipient === undefined
      ? []
      : ([
          ['bytesPerRecipient', async () => (await kept(db, { recipient })).bytes, size, `bytes wait for ${recipient}`],
          [
            'parcelsPerRecipient',
            async () => (await kept(db, { recipient })).parcels,
            1,
            `files wait for ${recipient}`,
          ],
        ] as const)),
  ]
  for (const [limit, used, more, what] of limits) {
    const most = quotas[limit]
    if (most === 0 || (await used()) + more <= most) continue
    const retryAt = limit === 'dailyBytesPerSender' ? await roomToday(db, sender, most - size) : undefined
    throw new QuotaExceeded(limit, `No more than ${most} ${what}`, retryAt)
  }
}

/** Waits for its turn: one transaction at a time is between this call and its end, for the same name. */
export async function one(db: Database, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`splice65/${name}`}, 0))`.execute(db)
}

/** What has not ended, for a sender or a recipient. */
async function kept(
  db: Database,
  of: { sender: string } | { recipient: string },
): Promise<{ bytes: number; parcels: number }> {
  return await db
    .selectFrom('parcels')
    .select([sum, sql<number>`count(*)`.as('parcels')])
    .where((row) => row.and(of))
    .where('state', '<>', 'ended')
    .executeTakeFirstOrThrow()
}

/** What may be in the blob store: what has ended and was not disposed of, too. */
async function keptBytes(db: Database): Promise<number> {
  return (await db.selectFrom('parcels').select(sum).where('disposedAt', 'is', null).executeTakeFirstOrThrow()).bytes
}

async function sentToday(db: Database, sender: string): Promise<number> {
  const today = db.selectFrom('parcels').where('sender', '=', sender).where('offeredAt', '>', fromNow(-dayMs))
  return (await today.select(sum).executeTakeFirstOrThrow()).bytes
}

/** When so much of the day's parcels is a day old that no more than `most` bytes are left; undefined when that is never. */
async function roomToday(db: Database, sender: string, most: number): Promise<Date | undefined> {
  if (most < 0) return undefined
  const { rows } = await sql<{ at: Date | null }>`
    select max(offered_at) + ${dayMs}::float8 * interval '1 millisecond' as at
    from (
      select offered_at, sum(size) over (order by offered_at desc, id) as since
      from parcels
      where sender = ${sender} and offered_at > ${fromNow(-dayMs)}
    ) as today
    where since > ${most}`.execute(db)
  return rows[0]?.at ?? undefined
}

/** `sum()` of bigint is numeric, and of nothing it is null. */
const sum = sql<number>`coalesce(sum(size), 0)::bigint`.as('bytes')
