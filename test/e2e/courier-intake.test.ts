import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { Child } from '../../deploy/local/child.ts'
import { type Cli, startCli } from '../../deploy/local/cli.ts'
import { fileSum } from '../../deploy/local/file-sum.ts'
import { type CourierProcess, type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { openRecords } from '../../services/courier/records/open.ts'
import { openDiskBlobs } from '../../services/courier/store/disk.ts'
import { verificationOf } from '../../services/shared/xmpp/caps.ts'
import { attribute, type Element, ns, xml } from '../../services/shared/xmpp/xml.ts'
import { outputOf } from '../support/output-of.ts'
import { logInRequester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { requireSlixmpp, sendBySlixmpp } from '../support/slixmpp.ts'
import { logInClient } from '../support/xmpp-client.ts'

const domain = 'example.test'
const courierDomain = `courier.${domain}`
const bobs = `bob\\40${domain}@${courierDomain}`
const maxFileBytes = 3 * 1024 * 1024
/** Not a multiple of anything that a buffer is made of. */
const size = 1024 * 1024 + 4_321

before(requireSlixmpp)

for (const server of ['prosody', 'ejabberd'] as const) {
  describe(`The courier on ${server}`, () => {
    let fleet: Fleet
    let courier: CourierProcess
    let folder: Folder

    before(async () => {
      folder = temporaryFolder('courier-intake')
      const accounts = ['alice', 'bob', 'mallory'].map((user) => ({ user, password: user }))
      const settings = { dataFolder: folder.file('data'), maxFileBytes, deny: `mallory@${domain}`, delivery: 'link' }
      fleet = await startFleet({ server, relays: 1, domain, accounts, courier: settings })
      courier = await fleet.startCourier()
    })

    after(async () => {
      await fleet?.stop()
      await folder?.remove()
    })

    const send = async (file: string, more: readonly string[], user = 'alice'): Promise<Cli> => {
      const passwordFile = folder.file(`${user}.password`)
      await writeFile(passwordFile, user, { mode: 0o600 })
      const account = ['--jid', `${user}@${domain}`, '--password-file', passwordFile, '--service', fleet.xmpp.service]
      return startCli(['send', file, ...account, '--plaintext', '--to', `${bobs}/courier`, ...more], {
        name: user,
        logFile: folder.file(`${user}.log`),
      })
    }
    const newFile = async (bytes = size) => {
      const path = folder.file(`${randomBytes(4).toString('hex')}.bin`)
      await writeFile(path, randomBytes(bytes))
      return path
    }
    const stored = () => sample([courier], 'splice65_courier_intakes_total', { outcome: 'stored' })
    const succeeds = async (child: Child) =>
      assert.deepEqual(await child.exited, { code: 0, signal: null }, outputOf(child))

    it('shows whoever follows an address that it is there, and what it can do', async () => {
      await using alice = await logInClient(fleet, { user: 'alice' })
      await alice.send(xml('presence', { type: 'subscribe', to: bobs }))
      const presence = await alice.take('presence', isBobThere)
      const caps = presence.getChild('c', ns.caps) ?? assert.fail(String(presence))
      await using asking = await logInRequester(fleet, { resource: 'desk' })
      const node = `${caps.attrs.node}#${caps.attrs.ver}`
      const info = await asking.ask('get', xml('query', { xmlns: ns.discoInfo, node }), `${bobs}/courier`)
      const children = info.getChild('query')?.getChildElements() ?? []
      assert.equal(verificationOf(children), caps.attrs.ver)
      const features = children.map((child) => attribute(child, 'var'))
      for (const feature of [ns.si, ns.bytestreams, ns.ibb, ns.jingle]) assert.ok(features.includes(feature), feature)
    })

    it('shows it to who logs in later, and says so when it goes and comes', async () => {
      await using early = await logInClient(fleet, { user: 'alice', resource: 'early' })
      await early.send(xml('presence', { type: 'subscribe', to: bobs }))
      await early.take('presence', isBobThere)
      await using late = await logInClient(fleet, { user: 'alice', resource: 'late' })
      await late.take('presence', isBobThere)
      await courier.stop()
      await late.take('the end', (stanza) => isOfBobs(stanza) && stanza.attrs.type === 'unavailable')
      courier = await fleet.startCourier()
      await late.take('presence', isBobThere)
    })

    it('refuses who may not send, and what is too large', async () => {
      const denied = await send(await newFile(10), [], 'mallory')
      assert.notEqual((await denied.exited).code, 0)
      assert.match(outputOf(denied), /You may not send files here/)
      for (const protocol of ['si', 'jingle']) {
        const large = await send(await newFile(maxFileBytes + 1), ['--protocol', protocol])
        assert.notEqual((await large.exited).code, 0)
        assert.match(outputOf(large), /Files of more than 3145728 bytes are not taken/)
      }
    })

    it('knows nobody by an address that is no JID', async () => {
      await using alice = await logInRequester(fleet)
      const answer = await alice.ask('get', xml('query', { xmlns: ns.discoInfo }), `bob@${courierDomain}`)
      assert.equal(verdict(answer), 'item-not-found cancel')
    })

    it('dials no address that a client names', async () => {
      const before = await stored()
      const dialled = await send(await newFile(), ['--method', 's5b', '--protocol', 'si', '--address', '127.0.0.1'])
      await succeeds(dialled)
      assert.equal(usedStreamhost(dialled), fleet.proxy)
      const alone = ['--method', 's5b', '--protocol', 'si', '--address', '127.0.0.1', '--proxy', `nobody.${domain}`]
      const refused = await send(await newFile(), alone)
      assert.notEqual((await refused.exited).code, 0)
      assert.equal((await stored()) - before, 1)
    })

    it('keeps for bob, who is away, what comes by SI and by Jingle, through a relay and in-band', async () => {
      const sums: string[] = []
      for (const protocol of ['si', 'jingle']) {
        for (const method of ['s5b', 'ibb']) {
          const path = await newFile(method === 'ibb' ? 200_001 : size)
          const cli = await send(path, ['--protocol', protocol, '--method', method, '--no-direct'])
          await succeeds(cli)
          assert.equal(usedStreamhost(cli), method === 's5b' ? fleet.proxy : undefined)
          sums.push(await fileSum(path))
        }
      }
      for (const method of ['s5b', 'ibb'] as const) {
        const path = await newFile(method === 'ibb' ? 200_001 : size)
        const account = { server: fleet.xmpp, user: 'alice', password: 'alice' }
        const to = `${bobs}/courier`
        await succeeds(await sendBySlixmpp(account, { to, file: path, method, logFile: folder.file('slixmpp.log') }))
        sums.push(await fileSum(path))
      }
      await courier.stop()

      const dataFolder = folder.file('data')
      const records = await openRecords({ databaseUrl: 'pglite:', dataFolder })
      const blobs = await openDiskBlobs(dataFolder)
      try {
        const parcels = (await records.waitingFor(`bob@${domain}`)).slice(-sums.length)
        assert.deepEqual(
          parcels.map(({ sha256 }) => sha256),
          sums,
        )
        for (const { sender, blob, size: bytes } of parcels) {
          assert.equal(sender, `alice@${domain}`)
          let read = 0
          for await (const chunk of blobs.read(blob, { start: 0, end: bytes })) read += chunk.length
          assert.equal(read, bytes)
        }
      } finally {
        await blobs.close()
        await records.close()
      }
      courier = await fleet.startCourier()
    })
  })
}

function isOfBobs(stanza: Element): boolean {
  return stanza.getName() === 'presence' && stanza.attrs.from === `${bobs}/courier`
}

function isBobThere(stanza: Element): boolean {
  return isOfBobs(stanza) && stanza.attrs.type === undefined
}

function usedStreamhost(cli: Cli): unknown {
  const connected = cli.events().findLast(({ event }) => event === 'connected')
  return (connected?.streamhost as { jid?: unknown } | undefined)?.jid
}
