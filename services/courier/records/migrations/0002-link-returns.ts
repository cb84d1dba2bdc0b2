import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How often a parcel's link came back, so that one which does before it was noted as sent is not taken for sent. */
export const linkReturns: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('parcels')
      .addColumn('link_returns', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
