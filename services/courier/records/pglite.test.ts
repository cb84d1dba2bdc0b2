import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { after, describe, it } from 'node:test'
import { sql } from 'kysely'
import { type Folder, temporaryFolder } from '../../../deploy/local/folder.ts'
import { atEnd } from '../../../test/support/at-end.ts'
import { openDatabase } from './database.ts'
import { openRecords } from './open.ts'
import { recordsContract } from './records.contract.ts'

const folders: Folder[] = []
after(async () => {
  await Promise.all(folders.map((folder) => folder.remove()))
})
const inNewFolder = () => {
  const folder = temporaryFolder('records')
  folders.push(folder)
  return { databaseUrl: 'pglite:', dataFolder: folder.path }
}

recordsContract('PGlite', () => openDatabase(inNewFolder()))

describe('the embedded database', () => {
  it('syncs its log to the disk with every commit', async (t) => {
    const syncs = t.mock.method(fs, 'fsyncSync')
    syncBuiltinESMExports()
    atEnd(t, () => {
      syncs.mock.restore()
      syncBuiltinESMExports()
    })
    const database = await openDatabase(inNewFolder())
    atEnd(t, () => database.close())
    const { rows } = await sql<{ setting: string }>`select setting from pg_settings
      where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`.execute(database.db)
    assert.deepEqual(rows, [{ setting: 'on' }, { setting: 'on' }, { setting: 'on' }])
    for (let commit = 1; commit <= 3; commit += 1) {
      const before = syncs.mock.callCount()
      const row = { name: `lease ${commit}`, holder: 'x', fence: 1, expiresAt: sql<Date>`now()` }
      await database.db.insertInto('leases').values(row).execute()
      assert.equal(syncs.mock.callCount() - before, 1)
    }
  })

  it('is one process’s at a time, and can be had again when it is closed', async () => {
    const config = inNewFolder()
    const first = await openRecords(config)
    await assert.rejects(openRecords(config), { code: 'taken', message: /another process has it; .* PostgreSQL/ })
    await first.check()
    await first.close()
    const second = await openRecords(config)
    await second.close()
  })

  it('ends the leases of whoever had it before', async () => {
    const config = inNewFolder()
    const first = await openRecords(config)
    const lease = await first.take('component', { holder: 'killed', forMs: 3_600_000 })
    await first.close()
    const second = await openRecords(config)
    const next = await second.take('component', { holder: 'restarted', forMs: 1_000 })
    assert.ok(lease && next && next.fence > lease.fence)
    await second.close()
  })
})
