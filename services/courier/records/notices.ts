import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { NoticeKind } from '../parcels/parcel.ts'
import type { Database } from './database.ts'
import { fromNow, now } from './moment.ts'
import { parcelColumns, parcelOfRow } from './parcel-rows.ts'
import type { Notice } from './records.ts'

/**
 * Writes what the sender is to be told of a parcel, in the transaction that makes it true. Of a file that was uploaded to be
 * linked to nothing is told: its sender was answered by HTTP, and whom it is for only he knows.
 */
export async function writeNotice(
  db: Database,
  kind: NoticeKind,
  { id, sender, recipient }: { readonly id: string; readonly sender: string; readonly recipient?: string | null },
): Promise<void> {
  if (recipient == null) return
  const row = { id: randomBytes(16).toString('base64url'), parcel: id, kind, addressee: sender, hiddenUntil: now }
  await db.insertInto('notices').values(row).execute()
}

/** Shows all notices that were taken and not sent: whoever took them is gone when a database of one process is opened. */
export async function showAllNotices(db: Database): Promise<void> {
  await db.updateTable('notices').set({ hiddenUntil: now }).where('hiddenUntil', '>', now).execute()
}

/** Takes the oldest notices that nobody is sending, and hides them for a while. */
export async function takeNotices(
  db: Database,
  { forMs, limit }: { readonly forMs: number; readonly limit: number },
): Promise<Notice[]> {
  const rows = await db
    .updateTable('notices')
    .from('parcels')
    .set({ hiddenUntil: fromNow(forMs) })
    .whereRef('parcels.id', '=', 'notices.parcel')
    .where('notices.id', 'in', (nested) =>
      nested
        .selectFrom('notices')
        .select('id')
        .where('hiddenUntil', '<=', now)
        .orderBy('position')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning([
      'notices.id as noticeId',
      'notices.kind',
      'notices.addressee',
      sql<number>`notices.position`.as('position'),
    ])
    .returning(parcelColumns)
    .execute()
  return rows
    .sort((one, other) => one.position - other.position)
    .map(({ noticeId, kind, addressee, position: _, ...parcel }) => ({
      id: noticeId,
      kind,
      to: addressee,
      parcel: parcelOfRow(parcel),
    }))
}
