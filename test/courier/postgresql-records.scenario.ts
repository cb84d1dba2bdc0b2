import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import { type PostgresServer, startPostgres } from '../../deploy/local/postgres.ts'
import { openDatabase } from '../../services/courier/records/database.ts'
import { openRecords } from '../../services/courier/records/open.ts'
import { recordsContract } from '../../services/courier/records/records.contract.ts'
import { until } from '../support/until.ts'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server.stop())

const inNewDatabase = async () => ({ databaseUrl: await server.newDatabase(), dataFolder: '/nonexistent' })

recordsContract('PostgreSQL', async () => openDatabase(await inNewDatabase()))

describe('records in PostgreSQL', () => {
  it('bring the schema up to date once when several replicas start at once', async () => {
    const config = await inNewDatabase()
    const replicas = await Promise.all(Array.from({ length: 5 }, () => openRecords(config)))
    await Promise.all(replicas.map((records) => records.check()))
    await Promise.all(replicas.map((records) => records.close()))
  })

  it('share quotas and leases among replicas', async () => {
    const config = await inNewDatabase()
    const replicas = await Promise.all([openRecords(config), openRecords(config)])
    const quotas = {
      ...{ bytesPerSender: 100, parcelsPerSender: 0, dailyBytesPerSender: 0 },
      ...{ bytesPerRecipient: 0, parcelsPerRecipient: 0, totalBytes: 0 },
    }
    const settled = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        replicas[i % 2]?.reserve(
          { sender: 'alice@example.com', name: 'x', size: 100, mediaType: 'text/plain', identity: `${i}` },
          { holder: `${i}`, forMs: 30_000, keepMs: 1_000_000, quotas },
        ),
      ),
    )
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    const leases = await Promise.all(
      Array.from({ length: 20 }, (_, i) => replicas[i % 2]?.take('component', { holder: `${i}`, forMs: 30_000 })),
    )
    assert.equal(leases.filter((lease) => lease !== undefined).length, 1)
    await Promise.all(replicas.map((records) => records.close()))
  })

  it('commit to the disk even where the server is told not to wait for it, and leave stronger promises alone', async () => {
    const config = await inNewDatabase()
    for (const [setting, becomes] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', 'remote_apply'],
    ] as const) {
      const database = await openDatabase(config)
      const name = sql.id(new URL(config.databaseUrl).pathname.slice(1))
      await sql`alter database ${name} set synchronous_commit = ${sql.lit(setting)}`.execute(database.db)
      await database.close()
      const again = await openDatabase(config)
      const { rows } = await sql`show synchronous_commit`.execute(again.db)
      assert.deepEqual(rows, [{ synchronousCommit: becomes }])
      await again.close()
    }
  })

  it('are unavailable while the server is away, and there again when it is', async () => {
    const config = await inNewDatabase()
    const records = await openRecords(config)
    server.kill('SIGQUIT')
    await server.exited
    await assert.rejects(records.check(), { code: 'unavailable' })
    await assert.rejects(openRecords(config), { code: 'unavailable' })
    await server.restart()
    await until('the database answers', () =>
      records.check().then(
        () => true,
        () => false,
      ),
    )
    await records.close()
  })
})
