import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Parcels, leases, notices and subscriptions. */
export const parcels: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('parcels')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sender', 'text', (column) => column.notNull())
      .addColumn('recipient', 'text')
      .addColumn('identity', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('size', 'bigint', (column) => column.notNull())
      .addColumn('media_type', 'text', (column) => column.notNull())
      .addColumn('description', 'text')
      .addColumn('file_date', 'text')
      .addColumn('sid', 'text')
      .addColumn('receipt', 'boolean', (column) => column.notNull())
      .addColumn('abandon_after_ms', 'bigint')
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('outcome', 'text')
      .addColumn('blob', 'text', (column) => column.notNull().unique())
      .addColumn('sha256', 'text')
      .addColumn('blocks', 'bytea')
      .addColumn('link_key', 'text', (column) => column.notNull().unique())
      .addColumn('offered_at', 'timestamptz', (column) => column.notNull())
      .addColumn('stored_at', 'timestamptz')
      .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
      .addColumn('ended_at', 'timestamptz')
      .addColumn('linked_at', 'timestamptz')
      .addColumn('declined_at', 'timestamptz')
      .addColumn('delivered_at', 'timestamptz')
      .addColumn('disposed_at', 'timestamptz')
      .addColumn('downloads', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    // A sender has one unfinished parcel of an identity for a recipient: a later offer continues it.
    await sql`create unique index parcels_receiving on parcels (sender, identity, coalesce(recipient, ''))
      where state = 'receiving'`.execute(db)
    await sql`create index parcels_by_sender on parcels (sender, offered_at)`.execute(db)
    await sql`create index parcels_by_recipient on parcels (recipient, offered_at) where state <> 'ended'`.execute(db)
    await sql`create index parcels_kept on parcels (size) where disposed_at is null`.execute(db)
    await sql`create index parcels_by_expiry on parcels (expires_at) where state <> 'ended'`.execute(db)
    await sql`create index parcels_by_end on parcels (ended_at) where disposed_at is null`.execute(db)
    await sql`create index parcels_by_disposal on parcels (disposed_at)`.execute(db)

    await db.schema
      .createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('fence', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
      .execute()

    await db.schema
      .createTable('notices')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('position', 'bigint', (column) => column.generatedAlwaysAsIdentity())
      .addColumn('parcel', 'text', (column) => column.notNull().references('parcels.id').onDelete('cascade'))
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('addressee', 'text', (column) => column.notNull())
      .addColumn('hidden_until', 'timestamptz', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('notices_by_parcel').on('notices').column('parcel').execute()

    await db.schema
      .createTable('subscriptions')
      .addColumn('user', 'text', (column) => column.primaryKey())
      .addColumn('sees', 'boolean', (column) => column.notNull())
      .addColumn('asked', 'boolean', (column) => column.notNull())
      .addColumn('refused', 'boolean', (column) => column.notNull())
      .addColumn('follows', sql`text[]`, (column) => column.notNull())
      .execute()
  },
}
