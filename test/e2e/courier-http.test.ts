import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { type CourierProcess, type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { ns, xml } from '../../services/shared/xmpp/xml.ts'
import { bytesBelow } from '../support/bytes-below.ts'
import { slotRequest, takeSlot, uploadNamespace } from '../support/courier-slot.ts'
import { outputOf } from '../support/output-of.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { requireSlixmpp, uploadBySlixmpp } from '../support/slixmpp.ts'
import { until } from '../support/until.ts'

const maxFileBytes = 20_000_000
const account = { user: 'alice', password: 'alice' }

before(requireSlixmpp)

for (const server of ['prosody', 'ejabberd'] as const) {
  describe(`Uploads to a courier on ${server}`, () => {
    let fleet: Fleet
    let courier: CourierProcess
    let folder: Folder
    let alice: Requester

    before(async () => {
      folder = temporaryFolder('courier-http')
      const accounts = [account, { user: 'mallory', password: 'mallory' }]
      const courierSettings = { dataFolder: folder.file('data'), maxFileBytes, deny: 'mallory@example.test' }
      fleet = await startFleet({ server, relays: 1, accounts, courier: courierSettings })
      courier = await fleet.startCourier()
      alice = await logInRequester(fleet)
    })
    after(async () => {
      await alice?.[Symbol.asyncDispose]()
      await fleet?.stop()
      await folder?.remove()
    })

    const slotFor = (size: number) => takeSlot(alice, { courier: fleet.courier, size })

    it('are discovered, with the largest size', async () => {
      const answer = await alice.ask('get', xml('query', { xmlns: ns.discoInfo }), fleet.courier)
      const query = answer.getChild('query', ns.discoInfo)
      const identities = query?.getChildren('identity').map(({ attrs }) => `${attrs.category}/${attrs.type}`)
      assert.deepEqual(identities, ['store/file'])
      assert.ok(query?.getChildren('feature').some(({ attrs }) => attrs.var === uploadNamespace))
      assert.match(String(query?.getChild('x', ns.dataForm)), new RegExp(`<value>${maxFileBytes}</value>`))
    })

    it('come by slot and PUT, and are there for everybody who has the link', async () => {
      const content = randomBytes(1_234_567)
      const slot = await slotFor(content.length)
      assert.equal((await slot.put(content)).status, 201)
      const answer = await slot.get()
      assert.deepEqual([answer.status, answer.body.equals(content)], [200, true])
      assert.equal((await slot.get({ range: 'bytes=-5' })).body.toString('hex'), content.subarray(-5).toString('hex'))
      assert.match((await slot.get({ accept: 'text/html' })).body.toString(), /holiday\.png/)
    })

    it('are refused in the words of XEP-0363, with the request repeated', async () => {
      const large = await alice.ask('get', slotRequest('a', maxFileBytes + 1), fleet.courier)
      assert.equal(verdict(large), 'not-acceptable modify')
      const error = large.getChild('error')
      assert.equal(
        error?.getChild('file-too-large', uploadNamespace)?.getChild('max-file-size')?.text(),
        String(maxFileBytes),
      )
      assert.equal(large.getChild('request', uploadNamespace)?.attrs.filename, 'a')
      assert.equal(
        verdict(await alice.ask('get', xml('request', { xmlns: uploadNamespace, size: 5 }), fleet.courier)),
        'bad-request modify',
      )
      await using mallory = await logInRequester(fleet, { user: 'mallory' })
      assert.equal(verdict(await mallory.ask('get', slotRequest('a', 5), fleet.courier)), 'forbidden auth')
    })

    it('come from slixmpp', async () => {
      const content = randomBytes(3_000_000)
      const file = folder.file('von slixmpp ä.bin')
      await writeFile(file, content)
      const logFile = folder.file('slixmpp.log')
      const client = await uploadBySlixmpp(
        { server: fleet.xmpp, ...account },
        { service: fleet.courier, file, logFile },
      )
      const { url } = await client.waitForEvent('done').catch(() => assert.fail(outputOf(client)))
      const response = await fetch(String(url))
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(content))
    })

    it('go on where they were when the courier is killed, and what was stored is there', async () => {
      const content = randomBytes(15_000_000)
      const before = 10_000_000
      const done = await slotFor(5)
      assert.equal((await done.put(Buffer.from('hello'))).status, 201)
      const slot = await slotFor(content.length)
      const { promise: dead, resolve: die } = Promise.withResolvers<void>()
      async function* interrupted() {
        yield content.subarray(0, before)
        await dead
      }
      const broken = slot.putChunks(interrupted())
      broken.catch(() => {})
      await until('its beginning is written', async () => (await bytesBelow(folder.file('data/incoming'))) === before)
      courier.kill()
      await courier.exited
      die()
      await assert.rejects(broken)
      courier = await fleet.startCourier()

      assert.equal((await done.get()).body.toString(), 'hello')
      assert.equal((await slot.get()).status, 404)
      // Nobody is thought to receive it still.
      assert.equal(await slot.offset(), before)
      const rest = { 'content-range': `bytes ${before}-${content.length - 1}/${content.length}` }
      assert.equal((await slot.put(content.subarray(before), rest)).status, 201)
      const { headers, body } = await slot.get()
      assert.ok(body.equals(content))
      assert.equal(headers.etag, `"${createHash('sha256').update(content).digest('hex')}"`)
    })

    it('may end when the courier is asked to go', async () => {
      const content = randomBytes(5_000_000)
      const slot = await slotFor(content.length)
      const { promise: asked, resolve: goOn } = Promise.withResolvers<void>()
      async function* hesitant() {
        yield content.subarray(0, 1_000_000)
        await asked
        yield content.subarray(1_000_000)
      }
      const answer = slot.putChunks(hesitant())
      await until('it runs', async () => (await sample([courier], 'splice65_courier_http_requests_active')) > 0)
      courier.drain()
      await until('it says so', async () => (await fetch(`${courier.healthUrl}/readyz`)).status === 503)
      goOn()
      assert.equal((await answer).status, 201)
      assert.deepEqual(await courier.exited, { code: 0, signal: null })
      courier = await fleet.startCourier()
      assert.ok((await slot.get()).body.equals(content))
    })

    it('end with the secret that signed their slots', async () => {
      const slot = await slotFor(5)
      await courier.stop()
      const another = folder.file('another-secret')
      await writeFile(another, 'n'.repeat(40))
      courier = await fleet.startCourier({ uploadSecretFile: another })
      assert.equal((await slot.put(Buffer.from('hello'))).status, 403)
    })
  })
}
