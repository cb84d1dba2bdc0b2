import { sql } from 'kysely'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { Database, OpenDatabase } from './database.ts'
import { asking } from './database-failure.ts'
import { end, expire } from './ending.ts'
import { demandLease, endAllLeases, leaseOf, parcelOf, release, renew, take } from './leases.ts'
import { fromNow, now } from './moment.ts'
import { showAllNotices, takeNotices, writeNotice } from './notices.ts'
import { parcelColumns, parcelOfRow, selectParcels } from './parcel-rows.ts'
import type { Lease, Records, Subscription } from './records.ts'
import { reserve } from './reserve.ts'
import type { ParcelRow } from './tables.ts'

/** Quotas look back so long: no row may be forgotten before. */
const dayMs = 86_400_000

const nobody: Subscription = { sees: false, asked: false, refused: false, follows: [] }

/** Keeps records in SQL. They own the database and close it. */
export async function sqlRecords(database: OpenDatabase): Promise<Records> {
  const { db } = database
  const reading = <T>(read: (db: Database) => Promise<T>) => asking(() => read(db))
  const writing = <T>(write: (db: Database) => Promise<T>) => asking(() => db.transaction().execute(write))
  const underLease = <T>(lease: Lease, write: (db: Database, parcel: string) => Promise<T>) =>
    writing(async (db) => {
      await demandLease(db, lease)
      return await write(db, parcelOf(lease))
    })
  const parcels = (rows: readonly ParcelRow[]) => rows.map(parcelOfRow)
  const waiting = (db: Database) =>
    selectParcels(db).where('state', '=', 'stored').where('deliveredAt', 'is', null).where('recipient', 'is not', null)

  // Whoever had one is gone, and nobody should wait for him.
  if (database.alone) {
    await asking(() => endAllLeases(db))
    await asking(() => showAllNotices(db))
  }

  return {
    reserve: (draft, terms) => writing((db) => reserve(db, draft, terms)),
    store: (lease, { sha256, blocks }) =>
      underLease(lease, async (db, id) => {
        const row = await db
          .updateTable('parcels')
          .set({ state: 'stored', sha256, blocks, storedAt: now })
          .where((row) => row.and({ id, state: 'receiving' }))
          .returning(parcelColumns)
          .executeTakeFirst()
        if (row) {
          await writeNotice(db, 'stored', row)
          return parcelOfRow(row)
        }
        // A repetition, because the answer to the first was lost.
        const stored = await selectParcels(db)
          .where((row) => row.and({ id, state: 'stored', sha256 }))
          .executeTakeFirst()
        if (stored) return parcelOfRow(stored)
        throw new Failure('not-found', `Cannot store parcel ${id}: it has ended`)
      }),
    end: (id, outcome, lease) =>
      writing(async (db) => {
        if (lease) await demandLease(db, lease)
        return (await end(db, id, outcome)) !== undefined
      }),

    find: (id) => reading(async (db) => parcels(await selectParcels(db).where('id', '=', id).execute())[0]),
    findByLink: (linkKey) =>
      reading(async (db) => parcels(await selectParcels(db).where('linkKey', '=', linkKey).execute())[0]),
    blocksOf: (id) =>
      reading(async (db) => {
        const row = await db.selectFrom('parcels').select('blocks').where('id', '=', id).executeTakeFirst()
        if (row?.blocks) return Buffer.from(row.blocks)
        throw new Failure('not-found', `Cannot find the digests of parcel ${id}: it is not stored`)
      }),
    waitingFor: (recipient) =>
      reading(async (db) =>
        parcels(await waiting(db).where('recipient', '=', recipient).orderBy('storedAt').orderBy('id').execute()),
      ),
    sentBy: (sender) =>
      reading(async (db) =>
        parcels(
          await selectParcels(db)
            .where('sender', '=', sender)
            .where('state', '<>', 'ended')
            .orderBy('offeredAt')
            .orderBy('id')
            .execute(),
        ),
      ),
    recipients: () =>
      reading(async (db) => {
        const rows = await waiting(db).clearSelect().select('recipient').distinct().execute()
        return rows.flatMap(({ recipient }) => recipient ?? [])
      }),
    totals: () =>
      reading((db) =>
        db
          .selectFrom('parcels')
          .where('state', '<>', 'ended')
          .select([
            sql<number>`count(*)`.as('parcels'),
            sql<number>`coalesce(sum(size) filter (where state = 'stored'), 0)::bigint`.as('bytes'),
            sql<number>`coalesce(sum(size) filter (where state = 'receiving'), 0)::bigint`.as('receivingBytes'),
          ])
          .executeTakeFirstOrThrow(),
      ),

    noteLinked: (lease, returns) =>
      underLease(lease, async (db, id) => {
        await db
          .updateTable('parcels')
          .set({ linkedAt: now })
          .where((row) => row.and({ id, linkReturns: returns }))
          .execute()
      }),
    noteUnlinked: (id) =>
      writing(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('parcels')
          .set((row) => ({ linkedAt: null, linkReturns: row('linkReturns', '+', 1) }))
          .where((row) => row.and({ id, state: 'stored' }))
          .where('deliveredAt', 'is', null)
          .executeTakeFirst()
        return numUpdatedRows === 1n
      }),
    noteAttempt: (lease) =>
      underLease(lease, async (db, id) => {
        await db
          .updateTable('parcels')
          .set((row) => ({ attempts: row('attempts', '+', 1) }))
          .where('id', '=', id)
          .execute()
      }),
    noteDeclined: (lease) =>
      underLease(lease, async (db, id) => {
        const first = await db
          .updateTable('parcels')
          .set({ declinedAt: now })
          .where((row) => row.and({ id, state: 'stored' }))
          .where('declinedAt', 'is', null)
          .returning(['id', 'sender', 'recipient'])
          .executeTakeFirst()
        if (first) await writeNotice(db, 'declined', first)
      }),
    noteDownload: (id, maxDownloads) =>
      writing(async (db) => {
        const counted = await db
          .updateTable('parcels')
          .set((row) => ({ downloads: row('downloads', '+', 1) }))
          .where((row) => row.and({ id, state: 'stored' }))
          .$if(maxDownloads > 0, (query) => query.where('downloads', '<', maxDownloads))
          .returning(['id', 'sender', 'recipient', 'downloads', 'deliveredAt'])
          .executeTakeFirst()
        if (!counted) return false
        if (counted.downloads === maxDownloads) await end(db, id, 'delivered')
        else if (counted.deliveredAt === null) {
          await db.updateTable('parcels').set({ deliveredAt: now }).where('id', '=', id).execute()
          await writeNotice(db, 'delivered', counted)
        }
        return true
      }),

    take: (name, terms) => writing((db) => take(db, name, terms)),
    renew: (lease, forMs) => writing((db) => renew(db, lease, forMs)),
    release: (lease) => writing((db) => release(db, lease)),

    expire: (terms) => writing((db) => expire(db, terms)),
    disposable: ({ graceMs, limit }) =>
      reading(async (db) =>
        parcels(
          await selectParcels(db)
            .where('disposedAt', 'is', null)
            .where('endedAt', '<=', fromNow(-graceMs))
            .orderBy('endedAt')
            .limit(limit)
            .execute(),
        ),
      ),
    noteDisposed: (id) =>
      writing(async (db) => {
        await db
          .updateTable('parcels')
          .set({ disposedAt: now })
          .where((row) => row.and({ id, state: 'ended' }))
          .execute()
      }),
    forget: ({ afterMs }) =>
      writing(async (db) => {
        const gone = await db
          .deleteFrom('parcels')
          .where('disposedAt', '<=', fromNow(-afterMs))
          .where('offeredAt', '<=', fromNow(-dayMs))
          .returning('id')
          .execute()
        if (gone.length > 0) {
          const names = gone.map(({ id }) => leaseOf(id))
          await db.deleteFrom('leases').where('name', 'in', names).execute()
        }
        return gone.length
      }),
    storedAfter: (id, limit) =>
      reading(async (db) =>
        parcels(
          await selectParcels(db)
            .where('state', '=', 'stored')
            .where('id', '>', id)
            .orderBy('id')
            .limit(limit)
            .execute(),
        ),
      ),
    unknownBlobs: (keys) =>
      reading(async (db) => {
        if (keys.length === 0) return []
        const rows = await db
          .selectFrom('parcels')
          .select('blob')
          .where('blob', 'in', keys)
          .where('disposedAt', 'is', null)
          .execute()
        const known = new Set(rows.map(({ blob }) => blob))
        return keys.filter((key) => !known.has(key))
      }),

    takeNotices: (terms) => writing((db) => takeNotices(db, terms)),
    noticeSent: (id) =>
      writing(async (db) => {
        await db.deleteFrom('notices').where('id', '=', id).execute()
      }),

    subscription: (user) =>
      reading(async (db) => {
        const row = await db
          .selectFrom('subscriptions')
          .select(['sees', 'asked', 'refused', 'follows'])
          .where('user', '=', user)
          .executeTakeFirst()
        return row ?? nobody
      }),
    setSubscription: (user, { follows, ...flags }) =>
      writing(async (db) => {
        const given = { ...flags, ...(follows && { follows: [...follows] }) }
        await db
          .insertInto('subscriptions')
          .values({ ...nobody, follows: [], ...given, user })
          .onConflict((conflict) => conflict.column('user').doUpdateSet({ user, ...given }))
          .execute()
      }),
    subscribers: () =>
      reading(async (db) => {
        const rows = await db
          .selectFrom('subscriptions')
          .select('user')
          .where('sees', '=', true)
          .orderBy('user')
          .execute()
        return rows.map(({ user }) => user)
      }),

    followers: () =>
      reading((db) =>
        db
          .selectFrom('subscriptions')
          .select(['user', 'follows'])
          .where(sql<number>`cardinality(follows)`, '>', 0)
          .orderBy('user')
          .execute(),
      ),

    check: () =>
      reading(async (db) => {
        await sql`select 1`.execute(db)
      }),
    close: () => database.close(),
  }
}
