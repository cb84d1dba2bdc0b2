import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type CourierProcess, type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import type { ServiceSettings } from '../../deploy/local/service.ts'
import { parseParcelNotice } from '../../services/shared/transfer/parcel-notice.ts'
import { ns } from '../../services/shared/xmpp/xml.ts'
import { atEnd } from './at-end.ts'
import { agree, courierAddress, heardOf, sendParcel } from './courier-parcels.ts'
import { logIn, type OnlineUser, type OnlineUserOptions } from './online-user.ts'
import { sample } from './sample.ts'
import { testFolder } from './transfer-ends.ts'
import { until } from './until.ts'

// Everybody here has one test of his own: what he agreed to and what waits for him stays with him.
const recipients = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'kim'] as const
type Recipient = (typeof recipients)[number]

/** What a courier delivers through this XMPP server: a process of its own, with relays, and users as their clients see it. */
export function courierDeliverySuite(server: 'prosody' | 'ejabberd'): void {
  describe(`a courier beside ${server}`, () => {
    let fleet: Fleet
    let courier: CourierProcess
    let configured = ''
    let alice: OnlineUser

    before(async () => {
      const accounts = ['alice', ...recipients].map((user) => ({ user, password: user }))
      fleet = await startFleet({
        relays: 1,
        server,
        accounts,
        courier: { arrivalDelayMs: 100, deliveryRetryMs: 200, presencePerSecond: 1_000 },
      })
      alice = await logIn(fleet, 'alice', { resource: 'a' })
    })
    after(async () => {
      await alice?.[Symbol.asyncDispose]()
      await fleet?.stop()
    })

    /** Has a courier run with these settings: another one where they differ from those of the one that runs. */
    async function withCourier(settings: ServiceSettings = {}): Promise<void> {
      if (configured === JSON.stringify(settings)) return
      await courier?.stop()
      courier = await fleet.startCourier(settings)
      configured = JSON.stringify(settings)
    }

    async function online(t: TestContext, user: Recipient, options: Partial<OnlineUserOptions> = {}) {
      const known = await logIn(fleet, user, { resource: 'pc', ...options })
      atEnd(t, () => known[Symbol.asyncDispose]())
      return known
    }

    const linkOf = (user: OnlineUser) =>
      user.message('a link', (message) => message.getChild('x', ns.oobMessage) !== undefined)

    for (const [protocol, user] of [
      ['jingle', 'bob'],
      ['si', 'kim'],
    ] as const) {
      it(`hands a file over by ${protocol} when its recipient comes, and tells the sender`, async (t) => {
        await withCourier()
        await agree(fleet, courier, user)
        const content = randomBytes(3_000_000)
        await sendParcel(fleet, alice, { to: user, name: `by ${protocol}`, content })
        const offers: unknown[] = []
        const known = await online(t, user, {
          into: await testFolder(t),
          protocols: [protocol],
          tell: (event) => event.event === 'offered' && offers.push(event.protocol),
        })
        await until('the file is there', () => known.files.length === 1)
        assert.deepEqual(offers, [protocol])
        assert.equal(known.files[0]?.sha256, sha256(content))
        assert.equal(known.files[0]?.peer, courierAddress(fleet, 'alice'))
        assert.equal(known.files[0]?.method, 's5b')
        await heardOf(alice, 'delivered', `by ${protocol}`)
        assert.deepEqual(known.messages, [])
      })
    }

    it('sends a link that the server keeps to one who has not agreed', async (t) => {
      await withCourier()
      const content = randomBytes(100_000)
      const { sha256: told } = await sendParcel(fleet, alice, { to: 'carol', name: 'Käse.txt', content, method: 'ibb' })
      assert.equal(told, sha256(content))
      await courier.waitForLine(({ msg }) => msg === 'link sent')
      const carol = await online(t, 'carol', { agrees: false })
      const message = await linkOf(carol)
      const url = message.getChildText('body') ?? ''
      assert.equal(message.getChild('x', ns.oobMessage)?.getChildText('url'), url)
      assert.ok(url.startsWith(`${courier.publicUrl}/`) && url.endsWith('/K%C3%A4se.txt'), url)
      const file = message.getChild('file-sharing', ns.fileSharing)?.getChild('file', ns.fileMetadata)
      assert.equal(file?.getChildText('size'), '100000')
      const response = await fetch(url)
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), content)
      await heardOf(alice, 'delivered', 'Käse.txt')
    })

    it('hands several files over in the order in which they were stored', async (t) => {
      await withCourier()
      await agree(fleet, courier, 'dave')
      for (const name of ['1', '2', '3']) {
        await sendParcel(fleet, alice, { to: 'dave', name, content: randomBytes(50_000) })
      }
      const dave = await online(t, 'dave', { into: await testFolder(t) })
      await until('all files are there', () => dave.files.length === 3)
      assert.deepEqual(
        dave.files.map(({ name }) => name),
        ['1', '2', '3'],
      )
    })

    it('offers to the resource that can, though it is not the best', async (t) => {
      await withCourier()
      await agree(fleet, courier, 'erin')
      await online(t, 'erin', { resource: 'phone', priority: 10 })
      const pc = await online(t, 'erin', { resource: 'pc', into: await testFolder(t) })
      await sendParcel(fleet, alice, { to: 'erin', name: 'to the pc', content: randomBytes(10_000) })
      await until('the file is there', () => pc.files.length === 1)
    })

    it('sends the link when the offer is declined, and tells the sender', async (t) => {
      await withCourier()
      await agree(fleet, courier, 'frank')
      const frank = await online(t, 'frank', { into: await testFolder(t), decide: () => 'no, thank you' })
      await sendParcel(fleet, alice, { to: 'frank', name: 'unwanted', content: randomBytes(10_000) })
      await linkOf(frank)
      await heardOf(alice, 'declined', 'unwanted')
      assert.deepEqual(frank.files, [])
    })

    it('sends the link to a client that can take no stream', async (t) => {
      await withCourier()
      await agree(fleet, courier, 'grace')
      const grace = await online(t, 'grace')
      await sendParcel(fleet, alice, { to: 'grace', name: 'by link', content: randomBytes(10_000) })
      await linkOf(grace)
    })

    it('sends a link that came back again, and keeps the file', async () => {
      await withCourier()
      const returned = () => sample(courier, 'splice65_courier_deliveries_total', { by: 'link', outcome: 'returned' })
      const before = await returned()
      const { id } = await sendParcel(fleet, alice, { to: 'nobody', name: 'to nobody', content: randomBytes(10) })
      await until('the link came back twice', async () => (await returned()) >= before + 2)
      const ended = alice.messages.some((message) => {
        const notice = parseParcelNotice(message)
        return notice?.id === id && notice.state !== 'stored'
      })
      assert.equal(ended, false)
    })

    it('goes on where a stream broke, when its recipient is back', async (t) => {
      await withCourier()
      await agree(fleet, courier, 'heidi')
      const into = await testFolder(t)
      const content = randomBytes(30_000_000)
      const half = Promise.withResolvers<void>()
      const lost = await online(t, 'heidi', {
        into,
        tell: (event) => {
          if (event.event === 'progress' && event.bytes > 1_000_000) half.resolve()
        },
      })
      await sendParcel(fleet, alice, { to: 'heidi', name: 'broken', content })
      await half.promise
      lost.vanish()
      await lost[Symbol.asyncDispose]()
      const offsets: number[] = []
      const back = await online(t, 'heidi', {
        into,
        resource: 'again',
        tell: (event) => {
          if (event.event === 'accepted') offsets.push(event.offset)
        },
      })
      await until('the file is there', () => back.files.length === 1)
      assert.equal(back.files[0]?.sha256, sha256(content))
      assert.ok((offsets.at(-1) ?? 0) > 0, `it began at ${offsets}`)
      await heardOf(alice, 'delivered', 'broken')
    })

    it('asks for an agreement where there are no links, and hands over when it is given', async (t) => {
      await withCourier({ delivery: 'stream' })
      await sendParcel(fleet, alice, { to: 'ivan', name: 'after a while', content: randomBytes(10_000) })
      const ivan = await online(t, 'ivan', { into: await testFolder(t) })
      await until('the file is there', () => ivan.files.length === 1)
      assert.deepEqual(ivan.messages, [])
    })

    it('tells the sender when nobody came for a file', async () => {
      await withCourier({ keepMs: 1_000, retentionIntervalMs: 200, noticesMs: 200 })
      await sendParcel(fleet, alice, { to: 'judy', name: 'too late', content: randomBytes(10_000) })
      await heardOf(alice, 'expired', 'too late')
    })
  })
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
