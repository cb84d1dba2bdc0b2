import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fleet, type RelayProcess, startFleet } from '../../deploy/local/fleet.ts'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { ns, xml } from '../../services/shared/xmpp/xml.ts'
import { agree, dialPair, dialRelay, exchange, type Pair, pairOf } from '../support/pair.ts'
import { logInRequester, verdict } from '../support/requester.ts'
import { closed, readUpTo } from '../support/socks-client.ts'
import { firstOf, storyOf } from '../support/story.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

describe('A transfer that runs', () => {
  let fleet: Fleet

  before(async () => {
    fleet = await startFleet({ relays: 2 })
  })

  after(async () => {
    await fleet?.stop()
  })

  const interruptions: [what: string, interrupt: () => Promise<void>][] = [
    [
      'control is told to stop and another takes over',
      async () => {
        const { control } = fleet
        control.kill('SIGTERM')
        assert.deepEqual(await control.exited, { code: 0, signal: null })
        await fleet.startControl()
      },
    ],
    [
      'control is killed',
      async () => {
        const { control } = fleet
        control.kill('SIGKILL')
        await control.exited
        await fleet.startControl()
      },
    ],
    ['the XMPP server restarts', () => fleet.xmpp.restart()],
  ]
  for (const [what, interrupt] of interruptions) {
    it(`does not notice that ${what}, and the next one works`, async () => {
      using local = await run(fleet, [0, 0])
      using crossing = await run(fleet, [0, 1])
      await interrupt()
      for (const { traffic } of [local, crossing]) await traffic.goesOn()
      await served(fleet)
      using next = await run(fleet, [1, 0])
      for (const each of [local, crossing, next]) await assertExact(fleet, each)
    })
  }
})

describe('A relay that is told to stop', () => {
  it('takes nothing new, lets what is live end exactly, and exits by itself', async () => {
    await using fleet = await startFleet({ relays: 2 })
    const [leaving, staying] = fleet.relays
    assert.ok(leaving && staying)
    await using alice = await logInRequester(fleet)
    using local = await run(fleet, [0, 0])
    using owned = await run(fleet, [0, 1])
    using leg = await run(fleet, [1, 0])
    const { digest, ...waiting } = agree(alice.jid)
    const first = await dialRelay(leaving, digest)

    leaving.drain()
    await leaving.waitForLine((line) => line.msg === 'draining: nothing new is taken')
    assert.equal((await fetch(`${leaving.healthUrl}/readyz`)).status, 503)
    assert.equal((await fetch(`${leaving.healthUrl}/livez`)).status, 200)
    await until('new rooms are refused', async () => {
      const { socket, rep } = await dialRelay(leaving, agree(alice.jid).digest)
      socket.resetAndDestroy()
      return rep === 1
    })

    // What waited there can still be met and activated.
    using pair = pairOf([first, await dialRelay(staying, digest)])
    assert.equal(verdict(await alice.activate(waiting)), 'result')
    await exchange(pair)
    // And what is new goes by the other.
    using next = await run(fleet, [1, 1])
    for (const each of [next, local, owned, leg]) {
      await each.traffic.goesOn()
      await assertExact(fleet, each)
    }
    assert.deepEqual(await leaving.exited, { code: 0, signal: null })
  })

  it('twice ends what is live at once, as drained', async () => {
    await using fleet = await startFleet({ relays: 1 })
    const [relay] = fleet.relays
    assert.ok(relay)
    using transfer = await run(fleet, [0, 0])
    relay.drain()
    await relay.waitForLine((line) => line.msg === 'draining: nothing new is taken')
    await transfer.traffic.goesOn()
    relay.drain()
    const { outcome } = await storyOf(fleet.relays, transfer.digest)
    assert.equal(outcome, 'drained')
    assert.deepEqual(await relay.exited, { code: 0, signal: null })
    for (const socket of [transfer.pair.first, transfer.pair.second]) {
      await closed(socket)
      assert.ok(socket.errored, 'a reset says that this is not all')
    }
  })
})

describe('A relay that is killed', () => {
  for (const [survivor, told] of [
    ['owner', 'bytestream ended'],
    ['other relay', 'leg ended'],
  ] as const) {
    it(`ends its transfers at both clients, and the ${survivor} tells how`, async () => {
      await using fleet = await startFleet({ relays: 2 })
      const [owner, other] = fleet.relays
      assert.ok(owner && other)
      using transfer = await run(fleet, [0, 1])
      const [dying, left]: RelayProcess[] = survivor === 'owner' ? [other, owner] : [owner, other]
      assert.ok(dying && left)
      dying.kill()
      const { first, second } = transfer.pair
      await Promise.all([closed(first), closed(second)])
      const { outcome, reason } = await firstOf([left], (line) => line.msg === told)
      assert.deepEqual({ outcome, reason }, { outcome: 'aborted', reason: 'reset' })
      await transfer.traffic.broken

      const index = fleet.relays.indexOf(left)
      using next = await run(fleet, [index, index])
      await assertExact(fleet, next)
    })
  }
})

describe('A relay that is killed while bytes come through it one way', () => {
  for (const [where, ports] of [
    ['on its own', [1, 1]],
    ['towards another', [0, 1]],
  ] as const) {
    it(`${where} leaves its receiver a reset, not what looks like the end of the file`, async () => {
      await using fleet = await startFleet({ relays: 2, relay: { engine: 'splice' } })
      await using alice = await logInRequester(fleet)
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[ports[0]], fleet.relays[ports[1]], digest)
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      pair.second.write('the first part')
      assert.equal((await readUpTo(pair.first, 14)).toString(), 'the first part')
      const end = closed(pair.first)
      fleet.relays[1]?.kill()
      assert.equal(await end, 'ECONNRESET')
    })
  }
})

/** A bytestream that moves bytes. Disposing resets it. */
interface Transfer extends Disposable {
  readonly digest: Digest
  readonly pair: Pair
  readonly traffic: Traffic
}

/** Starts a transfer between halves on these two relays, and waits until its bytes flow. */
async function run(fleet: Fleet, [first, second]: readonly [number, number]): Promise<Transfer> {
  await using alice = await logInRequester(fleet, { resource: 'laptop' })
  const { digest, ...bytestream } = agree(alice.jid)
  const pair = await dialPair(fleet.relays[first], fleet.relays[second], digest)
  assert.equal(verdict(await alice.activate(bytestream)), 'result')
  const traffic = new Traffic(pair)
  await traffic.goesOn()
  return { digest, pair, traffic, [Symbol.dispose]: () => pair[Symbol.dispose]() }
}

/** Ends a transfer, and fails unless the relays counted every byte of it. */
async function assertExact({ relays }: Fleet, { traffic, digest }: Transfer): Promise<void> {
  const { fromFirst, fromSecond } = await traffic.finish()
  const { outcome, bytesFromFirst, bytesFromSecond } = await storyOf(relays, digest)
  assert.deepEqual(
    { outcome, bytesFromFirst, bytesFromSecond },
    { outcome: 'completed', bytesFromFirst: fromFirst, bytesFromSecond: fromSecond },
  )
}

/** Resolves when the XMPP server has a control behind the proxy's name. */
async function served(fleet: Fleet): Promise<void> {
  await using alice = await logInRequester(fleet)
  const ping = xml('ping', { xmlns: ns.ping })
  await until('the proxy answers', async () => verdict(await alice.ask('get', ping)) === 'result')
}
