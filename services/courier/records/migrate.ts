import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { Failure, messageOf } from '../../shared/bytestream/failure.ts'

/**
 * Brings the schema up to the last of `migrations`. Replicas that start at once wait for one another. A schema that is one
 * step ahead is left as it is: a release works with the step after its own. Throws `unavailable` for one that is further
 * ahead, or when a step fails.
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
  if (await isAhead(db, migrations)) return
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  // Another replica may have gone ahead meanwhile.
  if (await isAhead(db, migrations)) return
  throw new Failure('unavailable', `Cannot bring the database up to date: ${messageOf(error)}`, { cause: error })
}

/** Whether the schema is one step ahead of what we know. Throws when it is further. */
async function isAhead<Tables>(db: Kysely<Tables>, migrations: Readonly<Record<string, Migration>>): Promise<boolean> {
  const applied = await appliedMigrations(db)
  const unknown = applied.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 1) {
    throw new Failure(
      'unavailable',
      `Cannot use the database: it belongs to a newer release (${unknown.join(', ')}); start that one`,
    )
  }
  return unknown.length === 1
}

async function appliedMigrations<Tables>(db: Kysely<Tables>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === migrationTable)) return []
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(migrationTable)} order by name`.execute(db)
  return rows.map(({ name }) => name)
}

/** Kysely's own. */
const migrationTable = 'kysely_migration'
