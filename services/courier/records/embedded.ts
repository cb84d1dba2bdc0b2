import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { PGliteDialect } from 'kysely'
import { type DatabaseServer, int8 } from './database-server.ts'
import { lockFolder } from './folder-lock.ts'
import { SyncedFolder } from './synced-folder.ts'

/** PGlite switches fsync off, and its system has no fdatasync: a commit would outlive nothing but our own crash. */
const durable = [...PGlite.defaultStartParams.filter((param) => param !== '-F'), '-c', 'wal_sync_method=fsync']

/**
 * Opens the database that lives in a folder and in this process, and makes it where there is none. Throws `taken` while
 * another process has the folder.
 */
export async function openEmbedded(folder: string): Promise<DatabaseServer> {
  const lock = lockFolder(folder)
  try {
    const data = join(folder, 'pgdata')
    const isNew = !existsSync(join(data, 'PG_VERSION'))
    const files = new SyncedFolder(data)
    if (!isNew) await files.sync()
    const pglite = await PGlite.create({
      fs: files,
      startParams: durable,
      relaxedDurability: false,
      parsers: { [int8]: Number },
    })
    // A new database was made without.
    if (isNew) await files.sync()
    files.opened()
    return {
      dialect: new PGliteDialect({ pglite }),
      alone: true,
      async close() {
        if (!pglite.closed) await pglite.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
