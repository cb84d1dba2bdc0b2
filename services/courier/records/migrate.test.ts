import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect } from 'kysely'
import type { Migration } from 'kysely/migration'
import { migrate } from './migrate.ts'

const step = (table: string): Migration => ({
  up: (db: Kysely<unknown>) => db.schema.createTable(table).addColumn('id', 'integer').execute(),
})
const all = { '0001-a': step('a'), '0002-b': step('b'), '0003-c': step('c') }
const { '0003-c': _, ...two } = all
const { '0002-b': __, ...one } = two

describe('migrate()', () => {
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite: new PGlite() }) })
  after(() => db.destroy())
  const tables = async () => (await db.introspection.getTables()).map(({ name }) => name).sort()

  it('brings a schema up to date, works with one that is a step ahead, and refuses one that is further', async () => {
    await migrate(db, one)
    assert.deepEqual(await tables(), ['a'])
    await migrate(db, two)
    await migrate(db, two)
    assert.deepEqual(await tables(), ['a', 'b'])
    await migrate(db, one)
    assert.deepEqual(await tables(), ['a', 'b'])
    await migrate(db, all)
    await assert.rejects(migrate(db, one), { code: 'unavailable', message: /newer release \(0002-b, 0003-c\)/ })
  })

  it('leaves everything as it was when a step fails', async () => {
    const broken = { ...all, '0004-d': step('d'), '0005-a': step('a') }
    await assert.rejects(migrate(db, broken), { code: 'unavailable', message: /Cannot bring the database up to date/ })
    assert.deepEqual(await tables(), ['a', 'b', 'c'])
  })
})
