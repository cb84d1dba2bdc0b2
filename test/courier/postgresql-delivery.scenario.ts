import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { freePort } from '../../deploy/local/port.ts'
import { type PostgresServer, startPostgres } from '../../deploy/local/postgres.ts'
import { atEnd } from '../support/at-end.ts'
import { agree, heardOf, sendParcel } from '../support/courier-parcels.ts'
import { logIn } from '../support/online-user.ts'
import { testFolder } from '../support/transfer-ends.ts'
import { until } from '../support/until.ts'

describe('two couriers on PostgreSQL', () => {
  let postgres: PostgresServer
  let fleet: Fleet

  before(async () => {
    postgres = await startPostgres()
    fleet = await startFleet({
      relays: 1,
      courier: {
        databaseUrl: await postgres.newDatabase(),
        componentStandbyMs: 200,
        arrivalDelayMs: 100,
        deliveryRetryMs: 200,
        deliveryRetryMaxMs: 2_000,
        noticesMs: 500,
      },
    })
  })
  after(async () => {
    await fleet?.stop()
    await postgres?.stop()
  })

  it('hand a file over though the one that was at it is killed', async (t) => {
    const first = await fleet.startCourier()
    const second = await fleet.startCourier({ httpPort: await freePort() })
    await second.waitForLine(({ msg }) => String(msg).startsWith('standing by'))
    await using alice = await logIn(fleet, 'alice', { resource: 'a' })
    await agree(fleet, first, 'bob')
    const content = randomBytes(30_000_000)
    await sendParcel(fleet, alice, { to: 'bob', name: 'handed on', content })

    const begun = Promise.withResolvers<void>()
    const offsets: number[] = []
    const bob = await logIn(fleet, 'bob', {
      resource: 'b',
      into: await testFolder(t),
      tell(event) {
        if (event.event === 'accepted') offsets.push(event.offset)
        if (event.event === 'progress' && event.bytes > 1_000_000) {
          first.kill()
          begun.resolve()
        }
      },
    })
    atEnd(t, () => bob[Symbol.asyncDispose]())
    await begun.promise
    assert.equal((await first.exited).signal, 'SIGKILL')
    // The seat at the XMPP server and the lease of the parcel have to run out.
    await until('the file is there', () => bob.files.length === 1, { timeoutMs: 90_000 })
    assert.equal(bob.files[0]?.sha256, createHash('sha256').update(content).digest('hex'))
    assert.equal(offsets.length, 2)
    assert.ok((offsets[1] ?? 0) > 0, `it began at ${offsets}`)
    await heardOf(alice, 'delivered', 'handed on')
    await second.waitForLine(({ msg }) => msg === 'parcel delivered')
  })
})
