import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type CourierProcess, type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import type { KillPoint } from '../../services/shared/runtime/kill-point.ts'
import { parseParcelNotice } from '../../services/shared/transfer/parcel-notice.ts'
import { ns } from '../../services/shared/xmpp/xml.ts'
import { atEnd } from './at-end.ts'
import { agree, heardOf, sendParcel } from './courier-parcels.ts'
import type { ObjectStore } from './courier-storage.ts'
import { logIn, type OnlineUser } from './online-user.ts'
import { testFolder } from './transfer-ends.ts'
import { until } from './until.ts'

/** What comes of a delivery that is killed at any of its steps, on either kind of blob store. */
export function courierDeliveryCrashSuite({
  on = 'disk',
  newStore = () => undefined,
}: {
  readonly on?: 'disk' | 's3'
  /** Where blobs are. Left out: on disk. */
  readonly newStore?: () => ObjectStore | undefined
} = {}): void {
  describe(`a courier with blobs on ${on} that is killed while it delivers`, () => {
    let fleet: Fleet
    let alice: OnlineUser

    before(async () => {
      const accounts = ['alice', 'bob', 'carol'].map((user) => ({ user, password: user }))
      fleet = await startFleet({
        relays: 1,
        accounts,
        courier: { arrivalDelayMs: 0, deliveryRetryMs: 200, ...newStore() },
      })
      alice = await logIn(fleet, 'alice', { resource: 'a' })
    })
    after(async () => {
      await alice?.[Symbol.asyncDispose]()
      await fleet?.stop()
    })

    const startCourier = (dieAt: KillPoint) =>
      fleet.startCourier({}, { under: ['env', `SPLICE65_KILL_POINT=${dieAt}`] })

    async function dies(courier: CourierProcess): Promise<void> {
      assert.equal((await courier.exited).signal, 'SIGKILL')
    }

    it('loses nothing that it said it keeps, and repeats itself with the same ids', async (t) => {
      let courier = await startCourier('parcel-notice-sent')
      await agree(fleet, courier, 'bob')
      await sendParcel(fleet, alice, { to: 'bob', name: 'by stream', content: randomBytes(100_000) })
      await dies(courier)

      courier = await startCourier('parcel-offering')
      const stored = () => alice.messages.filter((message) => parseParcelNotice(message)?.name === 'by stream')
      await until('the notice is repeated', () => stored().length === 2)
      assert.equal(new Set(stored().map(({ attrs }) => attrs.id)).size, 1)
      const sids: string[] = []
      const bob = await logIn(fleet, 'bob', {
        resource: 'b',
        into: await testFolder(t),
        protocols: ['si'],
        tell: (event) => event.event === 'offered' && sids.push(event.sid),
      })
      atEnd(t, () => bob[Symbol.asyncDispose]())
      await dies(courier)
      assert.deepEqual([sids, bob.files], [[], []])

      courier = await startCourier('parcel-handed-over')
      await dies(courier)
      await until('the file is there', () => bob.files.length === 1)

      courier = await startCourier('parcel-link-sent')
      await until('the file is there again', () => bob.files.length === 2)
      const { id } = await heardOf(alice, 'delivered', 'by stream')
      assert.deepEqual(
        sids.map((sid) => sid.startsWith(`${id}.`)),
        [true, true],
      )
      const sending = sendParcel(fleet, alice, { to: 'carol', name: 'by link', content: randomBytes(10_000) })
      await dies(courier)

      courier = await fleet.startCourier()
      await sending
      await courier.waitForLine(({ msg }) => msg === 'link sent')
      const carol = await logIn(fleet, 'carol', { resource: 'c', agrees: false })
      atEnd(t, () => carol[Symbol.asyncDispose]())
      const links = () => carol.messages.filter((message) => message.getChild('x', ns.oobMessage))
      await until('the link is repeated', () => links().length === 2)
      assert.equal(new Set(links().map(({ attrs }) => attrs.id)).size, 1)
    })
  })
}
