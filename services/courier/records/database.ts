import { join } from 'node:path'
import { CamelCasePlugin, Kysely } from 'kysely'
import type { CourierConfig } from '../config.ts'
import { asking } from './database-failure.ts'
import { openEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/migrations.ts'
import { openPostgresql } from './postgresql.ts'
import type { Tables } from './tables.ts'

/** The database, or a transaction in it. */
export type Database = Kysely<Tables>

/** A database whose schema is up to date. */
export interface OpenDatabase {
  readonly db: Database
  /** Nobody but this process uses it. */
  readonly alone: boolean
  close(): Promise<void>
}

/**
 * Opens the database that the options name and brings its schema up to date. The caller closes it. Throws `unavailable`
 * when it does not answer or belongs to a newer release, `taken` when another process has the embedded one.
 */
export async function openDatabase({
  databaseUrl,
  dataFolder,
}: Pick<CourierConfig, 'databaseUrl' | 'dataFolder'>): Promise<OpenDatabase> {
  const embedded = databaseUrl.startsWith('pglite:')
  const server = embedded ? await openEmbedded(join(dataFolder, 'records')) : openPostgresql(databaseUrl)
  const db = new Kysely<Tables>({ dialect: server.dialect, plugins: [new CamelCasePlugin()] })
  const close = async () => {
    await db.destroy()
    await server.close()
  }
  try {
    await asking(() => migrate(db, migrations))
    return { db, alone: server.alone, close }
  } catch (error) {
    await close()
    throw error
  }
}
