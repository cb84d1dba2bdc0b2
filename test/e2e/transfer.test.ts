import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { type Cli, startCli } from '../../deploy/local/cli.ts'
import { fileSum } from '../../deploy/local/file-sum.ts'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import type { LogLine } from '../../deploy/local/service.ts'
import { ns, xml } from '../../services/shared/xmpp/xml.ts'
import { outputOf } from '../support/output-of.ts'
import { logInRequester } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { storyOf } from '../support/story.ts'

/** Not a multiple of anything that a buffer is made of. */
const size = 8 * 1024 * 1024 + 4_321
/** Takes a while, and is more than kernels and relays hold between two ends. */
const longSize = 160 * 1024 * 1024

describe('A file sent by the command line', () => {
  for (const server of ['prosody', 'ejabberd'] as const) {
    it(`arrives through one relay on ${server}`, async () => {
      await using fleet = await startFleet({ server, relays: 1 })
      await sendFile(fleet)
      await assertTold(fleet, 'local')
    })

    it(`arrives across two relays on ${server}`, async () => {
      await using fleet = await startFleet({ server, relays: 2 })
      await sendFile(fleet)
      const { pod, peer } = await assertTold(fleet, 'handoff')
      assert.deepEqual([pod, peer].sort(), ['relay-0', 'relay-1'])
      assert.equal(await sample(fleet.relays, 'splice65_leg_bytes_total'), size)
      assert.equal(await sample(fleet.relays, 'splice65_handoffs_total', { outcome: 'completed' }), 1)
    })
  }

  it('meets on one of two relays when each is advertised by its own address', async () => {
    await using fleet = await startFleet({ relays: 2, streamhostMode: 'per-pod' })
    const own = fleet.relays.map(({ name }) => `${fleet.proxy}/${name}`)
    assert.deepEqual((await advertised(fleet)).sort(), [fleet.proxy, ...own])

    const used = await sendFile(fleet)
    assert.ok(own.includes(used), `${used} is a relay's own streamhost`)
    const { pod } = await assertTold(fleet, 'local')
    assert.equal(used, `${fleet.proxy}/${pod}`)
  })

  it('arrives although control is killed and the XMPP server restarts on its way', async () => {
    await using fleet = await startFleet({ relays: 2 })
    await sendFile(fleet, longSize, async (bob) => {
      await bob.waitForEvent('progress')
      // As long as he stands still the transfer runs.
      bob.kill('SIGSTOP')
      fleet.control.kill()
      await fleet.control.exited
      await fleet.xmpp.restart()
      await fleet.startControl()
      assert.equal(await sample(fleet.relays, 'splice65_bytestreams_active', { path: 'handoff' }), 1)
      bob.kill('SIGCONT')
    })
    const { outcome, bytesFromSecond } = await storyOf(fleet.relays)
    assert.deepEqual({ outcome, bytesFromSecond }, { outcome: 'completed', bytesFromSecond: longSize })
  })
})

/** Sends from alice to bob, fails unless the same file arrives, and gives the JID of the streamhost both used. */
async function sendFile(
  fleet: Fleet,
  bytes = size,
  meanwhile: (bob: Cli) => Promise<void> = async () => {},
): Promise<string> {
  await using folder = temporaryFolder('e2e-transfer')
  const [file, into] = [folder.file('sent.bin'), folder.file('into')]
  await writeFile(file, randomBytes(bytes))
  await mkdir(into)
  const from = ['--from', fleet.xmpp.domain]
  const to = ['--to', `bob@${fleet.xmpp.domain}`, '--protocol', 'si', '--method', 's5b', '--no-direct']

  await using cleanup = new AsyncDisposableStack()
  const bob = await startCli(['receive', ...(await login(fleet, folder, 'bob')), ...from, '--into', into, '--once'], {
    name: 'bob',
    logFile: folder.file('bob.log'),
    until: 'ready',
  })
  cleanup.defer(async () => void (await bob.stop()))
  const alice = await startCli(['send', file, ...(await login(fleet, folder, 'alice')), ...to], {
    name: 'alice',
    logFile: folder.file('alice.log'),
  })
  cleanup.defer(async () => void (await alice.stop()))
  await meanwhile(bob)
  const exits = await Promise.all([alice.exited, bob.exited])
  for (const exit of exits) assert.deepEqual(exit, { code: 0, signal: null }, outputOf(alice, bob))

  const sent = await fileSum(file)
  const [done] = bob.events().filter(({ event }) => event === 'done')
  assert.equal(await fileSum(String(done?.path)), sent)
  assert.equal(done?.sha256, sent)
  const [atAlice, atBob] = [alice, bob].map(usedStreamhost)
  assert.equal(atAlice, atBob)
  return String(atBob)
}

async function login({ xmpp, accounts }: Fleet, folder: Folder, user: string): Promise<string[]> {
  const passwordFile = folder.file(`${user}.password`)
  await writeFile(passwordFile, accounts.find((account) => account.user === user)?.password ?? '', { mode: 0o600 })
  const account = ['--jid', `${user}@${xmpp.domain}`, '--password-file', passwordFile]
  return [...account, '--service', xmpp.service, '--plaintext']
}

function usedStreamhost(cli: Cli): unknown {
  const [connected] = cli.events().filter(({ event }) => event === 'connected')
  return (connected?.streamhost as { jid?: unknown } | undefined)?.jid
}

async function advertised(fleet: Fleet): Promise<string[]> {
  await using alice = await logInRequester(fleet)
  const answer = await alice.ask('get', xml('query', { xmlns: ns.bytestreams }))
  const streamhosts = answer.getChild('query', ns.bytestreams)?.getChildren('streamhost') ?? []
  return streamhosts.map(({ attrs }) => String(attrs.jid))
}

/** Fails unless log and metrics of the whole fleet tell of this one transfer, and tell the same. */
async function assertTold(fleet: Fleet, path: 'local' | 'handoff'): Promise<LogLine> {
  const { relays, control } = fleet
  const story = await storyOf(relays)
  // The target dials first, and the requester sends.
  const { outcome, reason, bytesFromFirst, bytesFromSecond, requester, target } = story
  assert.deepEqual(
    { path: story.path, outcome, reason, bytesFromFirst, bytesFromSecond, requester, target },
    {
      path,
      outcome: 'completed',
      reason: 'finished',
      bytesFromFirst: 0,
      bytesFromSecond: size,
      requester: 'alice@example.test',
      target: 'bob@example.test',
    },
  )
  const completed = { outcome: 'completed', path }
  assert.equal(await sample(relays, 'splice65_bytestreams_total', completed), 1)
  assert.equal(await sample(relays, 'splice65_bytestreams_total'), 1)
  assert.equal(await sample(relays, 'splice65_relayed_bytes_total', { half: 'first' }), 0)
  assert.equal(await sample(relays, 'splice65_relayed_bytes_total', { half: 'second' }), size)
  assert.equal(await sample(relays, 'splice65_bytestreams_active'), 0)
  assert.equal(await sample(control, 'splice65_activations_total', { outcome: 'joined' }), 1)
  assert.equal(await sample(control, 'splice65_activations_total'), 1)
  assert.equal(await sample(control, 'splice65_component_up'), 1)
  return story
}
