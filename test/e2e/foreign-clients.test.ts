import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Child } from '../../deploy/local/child.ts'
import { startCli } from '../../deploy/local/cli.ts'
import { fileSum } from '../../deploy/local/file-sum.ts'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { abbreviate, type Digest, parseDigest } from '../../services/shared/bytestream/digest.ts'
import { outputOf } from '../support/output-of.ts'
import { sample } from '../support/sample.ts'
import {
  receiveBySlixmpp,
  requireSlixmpp,
  type Slixmpp,
  type SlixmppAccount,
  sendBySlixmpp,
} from '../support/slixmpp.ts'
import { storyOf } from '../support/story.ts'
import { until } from '../support/until.ts'

/** Not a multiple of anything that a buffer is made of. */
const size = 2 * 1024 * 1024 + 4_321
const fileName = 'sent.bin'

/** Who sends to whom. A slixmpp that sends offers the last address of the proxy only, unless told to offer all. */
interface Way {
  readonly title: string
  readonly sender: 'splice65' | 's5b' | 's5b-all'
  readonly receiver: 'splice65' | 'slixmpp'
}

const splice65ToSlixmpp: Way = { title: 'from splice65 send to slixmpp', sender: 'splice65', receiver: 'slixmpp' }
const slixmppToSplice65: Way = { title: 'from slixmpp to splice65 receive', sender: 's5b', receiver: 'splice65' }
const slixmppToSlixmpp: Way = { title: 'from slixmpp to slixmpp', sender: 's5b', receiver: 'slixmpp' }
const slixmppOffersAll: Way = {
  title: 'from slixmpp, which offers every address, to slixmpp',
  sender: 's5b-all',
  receiver: 'slixmpp',
}

/** A target that was offered several addresses has left its extra connections open, and goes soon after. */
const relay = { finishedTimeoutMs: 500 }

before(requireSlixmpp)

for (const server of ['prosody', 'ejabberd'] as const) {
  describe(`With two addresses of the proxy on ${server}, a file`, () => {
    let fleet: Fleet
    let transfers = 0

    before(async () => {
      fleet = await startFleet({ server, relays: 2, streamhosts: ['', 'alt'], relay })
      // Backends are now relay 0, 1 and 1: from there two connections in turn come to one relay.
      for (const [name, balancer] of Object.entries(fleet.balancers)) {
        const again = fleet.relays[1]?.socks[name]
        assert.ok(again)
        balancer.add(again)
      }
    })

    after(async () => {
      await fleet?.stop()
    })

    for (const { way, used, extras } of [
      { way: splice65ToSlixmpp, used: '', extras: 1 },
      { way: slixmppToSplice65, used: 'alt', extras: 0 },
      { way: slixmppToSlixmpp, used: 'alt', extras: 0 },
      { way: slixmppOffersAll, used: '', extras: 1 },
    ]) {
      for (const path of ['local', 'handoff'] as const) {
        it(`${way.title} goes by ${path === 'local' ? 'one relay' : 'two relays'}, and extra connections stay alone`, async () => {
          const first = path === 'local' ? 1 : 0
          aimAll(fleet, first)
          const { digest, port } = await transfer(fleet, way)
          transfers += 1
          assert.equal(port, fleet.balancers[used]?.address.port)
          const { pod, path: taken } = await assertOneExactStory(fleet, digest)
          assert.deepEqual({ pod, taken }, { pod: `relay-${first}`, taken: path })
          await assertHalves(fleet, digest, extras)
        })
      }
    }

    it('moves through the relays, every byte of it, and nothing is left behind', async () => {
      assert.equal(await sample(fleet.relays, 'splice65_relayed_bytes_total', { half: 'first' }), 0)
      assert.equal(await sample(fleet.relays, 'splice65_relayed_bytes_total', { half: 'second' }), transfers * size)
      assert.equal(await sample(fleet.control, 'splice65_activations_total', { outcome: 'joined' }), transfers)
      assert.equal(await sample(fleet.control, 'splice65_activations_total'), transfers)
      assert.equal(await sample(fleet.relays, 'splice65_half_connections_waiting'), 0)
      assert.equal(await sample(fleet.relays, 'splice65_bytestreams_active'), 0)
    })
  })
}

describe('With an address of the proxy for each relay, a file', () => {
  let fleet: Fleet

  before(async () => {
    fleet = await startFleet({ relays: 2, streamhostMode: 'per-pod', relay })
  })

  after(async () => {
    await fleet?.stop()
  })

  for (const way of [splice65ToSlixmpp, slixmppOffersAll]) {
    it(`${way.title} meets on one relay, although the target has dialled them all`, async () => {
      const { digest, port } = await transfer(fleet, way)
      const { pod, path } = await assertOneExactStory(fleet, digest)
      assert.equal(path, 'local')
      const owner = fleet.relays.find(({ name }) => name === pod)
      assert.equal(port, owner?.socks[owner.name]?.port)
      await assertHalves(fleet, digest, 2)
    })
  }

  it(`${slixmppToSlixmpp.title} takes the shared address`, async () => {
    const { digest, port } = await transfer(fleet, slixmppToSlixmpp)
    assert.equal(port, fleet.balancers['']?.address.port)
    await assertOneExactStory(fleet, digest)
    await assertHalves(fleet, digest, 0)
  })
})

/** What the slixmpp of a transfer has told of its bytestream: the digest, and the port that it dialled. */
interface Used {
  readonly digest: Digest
  readonly port: unknown
}

/** Sends a file from alice to bob by SOCKS5, and fails unless the same file arrives and both ends are content. */
async function transfer(fleet: Fleet, way: Way): Promise<Used> {
  await using folder = temporaryFolder('e2e-foreign')
  const [file, into] = [folder.file(fileName), folder.file('into')]
  await writeFile(file, randomBytes(size))
  await mkdir(into)

  await using cleanup = new AsyncDisposableStack()
  const bob = await receiver(fleet, way, folder, into)
  cleanup.defer(async () => void (await bob.stop()))
  const alice = await sender(fleet, way, folder, file)
  cleanup.defer(async () => void (await alice.stop()))
  // The sender first: a receiver that was never sent anything would wait on.
  for (const end of [alice, bob]) {
    const exit = await end.exited
    assert.deepEqual(exit, { code: 0, signal: null }, outputOf(alice, bob))
  }
  assert.equal(await fileSum(join(into, fileName)), await fileSum(file))

  const ends = [alice, bob].filter(isSlixmpp)
  const told = await Promise.all(ends.map((end) => end.waitForEvent('connected')))
  const [used] = told
  for (const { digest, port } of told) assert.deepEqual([digest, port], [used?.digest, used?.port])
  const digest = parseDigest(String(used?.digest))
  assert.ok(digest)
  return { digest, port: used?.port }
}

async function receiver(fleet: Fleet, way: Way, folder: Folder, into: string): Promise<Child | Slixmpp> {
  const logFile = folder.file('bob.log')
  if (way.receiver === 'slixmpp') {
    return receiveBySlixmpp(account(fleet, 'bob'), { destination: join(into, fileName), logFile })
  }
  const args = [
    'receive',
    ...(await login(fleet, folder, 'bob')),
    '--from',
    fleet.xmpp.domain,
    '--into',
    into,
    '--once',
  ]
  return startCli(args, { name: 'bob', logFile, until: 'ready' })
}

async function sender(fleet: Fleet, way: Way, folder: Folder, file: string): Promise<Child | Slixmpp> {
  const logFile = folder.file('alice.log')
  const to = `bob@${fleet.xmpp.domain}/${way.receiver === 'slixmpp' ? 'slix' : 'splice65'}`
  if (way.sender !== 'splice65') {
    return sendBySlixmpp(account(fleet, 'alice'), { to, file, method: way.sender, logFile })
  }
  const args = [
    'send',
    file,
    ...(await login(fleet, folder, 'alice')),
    '--to',
    to,
    '--protocol',
    'si',
    '--method',
    's5b',
    '--no-direct',
  ]
  return startCli(args, { name: 'alice', logFile })
}

function account({ xmpp, accounts }: Fleet, user: string): SlixmppAccount {
  const password = accounts.find((known) => known.user === user)?.password ?? ''
  return { server: xmpp, user, password }
}

async function login(fleet: Fleet, folder: Folder, user: string): Promise<string[]> {
  const { server, password } = account(fleet, user)
  const passwordFile = folder.file(`${user}.password`)
  await writeFile(passwordFile, password, { mode: 0o600 })
  const jid = ['--jid', `${user}@${server.domain}`, '--password-file', passwordFile]
  return [...jid, '--service', server.service, '--plaintext']
}

/** Sends the next connection to each of the balancers to this relay. */
function aimAll({ relays, balancers }: Fleet, relay: number): void {
  for (const [name, balancer] of Object.entries(balancers)) {
    const backend = relays[relay]?.socks[name]
    assert.ok(backend)
    balancer.aimAt(backend)
  }
}

/** Fails unless one line tells of this transfer, and of all its bytes. The target dials first, and the requester sends. */
async function assertOneExactStory(fleet: Fleet, digest: Digest) {
  const story = await storyOf(fleet.relays, digest)
  const { outcome, reason, bytesFromFirst, bytesFromSecond, requester, target } = story
  assert.deepEqual(
    { outcome, reason, bytesFromFirst, bytesFromSecond, requester, target },
    {
      outcome: 'completed',
      reason: 'finished',
      bytesFromFirst: 0,
      bytesFromSecond: size,
      requester: 'alice@example.test',
      target: 'bob@example.test',
    },
  )
  return story
}

/** Fails unless one pair of this digest was joined, and so many connections beside it have ended without another half. */
async function assertHalves(fleet: Fleet, digest: Digest, extras: number): Promise<void> {
  const told = (msg: string) =>
    fleet.relays
      .flatMap((each) => each.lines())
      .filter((line) => line.msg === msg && line.digest === abbreviate(digest))
  await until('every half has ended', () => told('half-connection ended').length >= 2 + extras)
  const ended = told('half-connection ended')
  const waited = new Set(told('half-connection waits').map(({ half }) => half))
  assert.deepEqual(new Set(ended.map(({ half }) => half)), waited)
  const alone = ended.filter(({ outcome }) => outcome !== 'completed').map(({ outcome }) => outcome)
  assert.deepEqual([ended.length, alone], [2 + extras, Array(extras).fill('aborted')])
}

function isSlixmpp(end: Child | Slixmpp): end is Slixmpp {
  return end.name.endsWith('.py')
}
