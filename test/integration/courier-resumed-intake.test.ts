import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type CourierProcess, type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { ns } from '../../services/shared/xmpp/xml.ts'
import { atEnd } from '../support/at-end.ts'
import { bytesBelow } from '../support/bytes-below.ts'
import { heardOf, offerParcel } from '../support/courier-parcels.ts'
import { logIn, type OnlineUser } from '../support/online-user.ts'
import { until } from '../support/until.ts'

const content = randomBytes(10_000_000)

describe('a courier that is killed in the middle of a stream', () => {
  let folder: Folder
  let fleet: Fleet
  let courier: CourierProcess
  let alice: OnlineUser

  before(async () => {
    folder = temporaryFolder('courier')
    const accounts = ['alice', 'bob', 'carol'].map((user) => ({ user, password: user }))
    fleet = await startFleet({ relays: 1, accounts, courier: { dataFolder: folder.path, delivery: 'link' } })
    courier = await fleet.startCourier()
    alice = await logIn(fleet, 'alice', { resource: 'a' })
  })
  after(async () => {
    await alice?.[Symbol.asyncDispose]()
    await fleet?.stop()
    await folder?.remove()
  })

  for (const [protocol, to] of [
    ['si', 'bob'],
    ['jingle', 'carol'],
  ] as const) {
    it(`is sent the rest when it is offered again by ${protocol}, and keeps what was offered`, async (t) => {
      const parcel = { to, protocol, name: `by ${protocol}`, content }
      const { promise: dead, resolve: die } = Promise.withResolvers<void>()
      // By SI a sender cannot tell that nobody has what he sent; by Jingle he would wait for a word that does not come.
      const gone = new AbortController()
      const broken = offerParcel(fleet, alice, { ...parcel, restAfter: dead, signal: gone.signal }).catch(() => {})
      const half = content.length / 2
      await until('half of it is written', async () => (await bytesBelow(folder.file('incoming'))) > half)
      courier.kill()
      await courier.exited
      die()
      gone.abort()
      await broken

      courier = await fleet.startCourier()
      const offsets: number[] = []
      const { transferredBytes } = await offerParcel(fleet, alice, {
        ...parcel,
        tell: (event) => event.event === 'accepted' && offsets.push(event.offset),
      })
      const [offset = 0] = offsets
      assert.ok(offset > half, `it went on at ${offset}`)
      assert.equal(transferredBytes, content.length - offset)
      const { sha256 } = await heardOf(alice, 'stored', parcel.name)
      assert.equal(sha256, createHash('sha256').update(content).digest('hex'))

      const recipient = await logIn(fleet, to, { resource: 'b', agrees: false })
      atEnd(t, () => recipient[Symbol.asyncDispose]())
      const link = await recipient.message('a link', (message) => message.getChild('x', ns.oobMessage) !== undefined)
      const response = await fetch(link.getChildText('body') ?? '')
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(content))
    })
  }
})
