import type { Migration } from 'kysely/migration'
import { parcels } from './0001-parcels.ts'
import { linkReturns } from './0002-link-returns.ts'

/**
 * Every change of the schema, in order; what was released never changes. While an upgrade runs, the courier before it works
 * on the same tables. So a change expands (a table, a column that may be empty or has a default, an index) or contracts
 * (takes away what no code of the release before it uses); never both at once, and nothing is renamed.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-parcels': parcels,
  '0002-link-returns': linkReturns,
}
