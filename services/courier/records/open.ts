import type { CourierConfig } from '../config.ts'
import { openDatabase } from './database.ts'
import type { Records } from './records.ts'
import { sqlRecords } from './sql-records.ts'

/**
 * Opens the records where the options say. The caller closes them. Throws `unavailable` when the database does not answer
 * or belongs to a newer release, `taken` when another process has the embedded one.
 */
export async function openRecords(config: Pick<CourierConfig, 'databaseUrl' | 'dataFolder'>): Promise<Records> {
  const database = await openDatabase(config)
  try {
    return await sqlRecords(database)
  } catch (error) {
    await database.close()
    throw error
  }
}
