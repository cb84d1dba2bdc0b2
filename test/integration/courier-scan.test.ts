import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type CourierProcess, type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { ns } from '../../services/shared/xmpp/xml.ts'
import { atEnd } from '../support/at-end.ts'
import { heardOf, offerParcel, sendParcel } from '../support/courier-parcels.ts'
import { type CourierSlot, takeSlot } from '../support/courier-slot.ts'
import { logIn } from '../support/online-user.ts'
import { logInRequester } from '../support/requester.ts'
import { sample } from '../support/sample.ts'

const size = 300_000
const marker = 'for this the scanner looks'
const clean = randomBytes(size)
const infected = Buffer.concat([clean.subarray(marker.length), Buffer.from(marker)])

// Everybody who sends has one test of his own, and room for one file.
describe('a courier whose files are scanned', () => {
  let fleet: Fleet
  let courier: CourierProcess
  let scanner: Server
  /** The scanner ends connections without a word. */
  let away = false

  before(async () => {
    scanner = createServer(async (request, response) => {
      const file = await buffer(request)
      if (away) request.socket.destroy()
      else response.writeHead(file.includes(marker) ? 406 : 204).end()
    })
    scanner.listen(0, '127.0.0.1')
    await once(scanner, 'listening')
    const { port } = scanner.address() as AddressInfo
    const accounts = ['alice', 'bob', 'carol', 'dave', 'erin'].map((user) => ({ user, password: user }))
    const settings = { scanUrl: `http://127.0.0.1:${port}/scan`, parcelsPerSender: 1, delivery: 'link' }
    fleet = await startFleet({ relays: 1, accounts, courier: settings })
    courier = await fleet.startCourier()
  })
  after(async () => {
    await fleet?.stop()
    scanner.closeAllConnections()
    scanner.close()
  })

  async function slotsOf(t: TestContext, user: string): Promise<() => Promise<CourierSlot>> {
    const sender = await logInRequester(fleet, { user })
    atEnd(t, () => sender[Symbol.asyncDispose]())
    return () => takeSlot(sender, { courier: fleet.courier, size })
  }

  const scanned = (verdict: string) => sample(courier, 'splice65_courier_scans_total', { verdict })

  it('answers 403 to an upload that is infected, has nothing of it and gives its quota back', async (t) => {
    const newSlot = await slotsOf(t, 'alice')
    const slot = await newSlot()
    const { status, body } = await slot.put(infected)
    assert.deepEqual([status, body.toString()], [403, 'The malware scan does not let the file pass\n'])
    assert.deepEqual([(await slot.get()).status, (await slot.put(clean)).status], [410, 410])
    const another = await newSlot()
    await assert.rejects(newSlot(), /resource-constraint/)
    assert.equal((await another.put(clean)).status, 201)
    assert.ok((await another.get()).body.equals(clean))
  })

  it('tells the sender of an infected file what became of it, and its recipient nothing', async (t) => {
    const bob = await logIn(fleet, 'bob', { resource: 'b', agrees: false })
    atEnd(t, () => bob[Symbol.asyncDispose]())
    const carol = await logIn(fleet, 'carol', { resource: 'c' })
    atEnd(t, () => carol[Symbol.asyncDispose]())
    await assert.rejects(offerParcel(fleet, carol, { to: 'bob', name: 'infected', content: infected }))
    await heardOf(carol, 'refused', 'infected')
    await sendParcel(fleet, carol, { to: 'bob', name: 'clean', content: clean })
    const links = () => bob.messages.filter((message) => message.getChild('x', ns.oobMessage))
    await bob.message('a link', () => links().length > 0)
    assert.deepEqual(
      links().map((message) => message.getChildText('body')?.split('/').at(-1)),
      ['clean'],
    )
  })

  it('answers 503 while there is no verdict, and takes the file when there is one', async (t) => {
    const newSlot = await slotsOf(t, 'dave')
    const slot = await newSlot()
    away = true
    const { status, headers } = await slot.put(clean)
    away = false
    assert.deepEqual([status, headers['retry-after']], [503, '5'])
    assert.equal((await slot.get()).status, 404)
    // It is all there but for one byte, without which nothing could be sent.
    assert.equal(await slot.offset(), size - 1)
    const rest = { 'content-range': `bytes ${size - 1}-${size - 1}/${size}` }
    assert.equal((await slot.put(clean.subarray(-1), rest)).status, 201)
    assert.ok((await slot.get()).body.equals(clean))
  })

  it('does without a verdict where that is wished, and says so', async (t) => {
    await courier.stop()
    courier = await fleet.startCourier({ scanFailure: 'accept' })
    const newSlot = await slotsOf(t, 'erin')
    const refused = await newSlot()
    assert.equal((await refused.put(infected)).status, 403)
    const slot = await newSlot()
    away = true
    const { status } = await slot.put(clean)
    away = false
    assert.equal(status, 201)
    assert.ok((await slot.get()).body.equals(clean))
    assert.deepEqual([await scanned('infected'), await scanned('none')], [1, 1])
    await courier.waitForLine(({ msg }) => msg === 'a parcel could not be scanned')
  })
})
