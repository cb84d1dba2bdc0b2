import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { readStanzaError } from '../../services/shared/xmpp/stanza-error.ts'
import type { Element } from '../../services/shared/xmpp/xml.ts'
import { agree, dialPair, exchange } from '../support/pair.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { closed } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

describe('A requester at his limit', () => {
  let fleet: Fleet
  let alice: Requester
  let bob: Requester

  before(async () => {
    fleet = await startFleet({
      relays: 2,
      control: { bytestreamsPerRequester: 2, dailyBytesPerRequester: 1_000_000 },
      relay: { chargeMs: 50 },
    })
    alice = await logInRequester(fleet)
    bob = await logInRequester(fleet, { user: 'bob' })
  })

  after(async () => {
    await alice?.[Symbol.asyncDispose]()
    await bob?.[Symbol.asyncDispose]()
    await fleet?.stop()
  })

  /** Two halves on two relays, and a way to activate them. */
  async function offer(requester: Requester, relays: readonly [number, number] = [0, 1]) {
    const { digest, ...bytestream } = agree(requester.jid)
    const pair = await dialPair(fleet.relays[relays[0]], fleet.relays[relays[1]], digest)
    return { pair, activate: () => requester.activate(bytestream) }
  }

  /** Tries until there is room, as seldom as a patient client. */
  async function room({ activate }: { readonly activate: () => Promise<Element> }, timeoutMs: number): Promise<void> {
    const joined = async () => verdict(await activate()) === 'result'
    await until('there is room', joined, { timeoutMs, everyMs: 500 })
  }

  function assertRefused(answer: Element, why: RegExp): void {
    assert.equal(verdict(answer), 'resource-constraint wait')
    assert.match(readStanzaError(answer).text ?? '', why)
  }

  it('reads of one bytestream too many that there is room when one has ended, and then there is', async () => {
    const [first, second, late] = [await offer(alice), await offer(alice, [1, 1]), await offer(alice)]
    assert.equal(verdict(await first.activate()), 'result')
    assert.equal(verdict(await second.activate()), 'result')
    assertRefused(await late.activate(), /^Cannot activate: you have 2 bytestreams running, .* when one has ended$/)
    assert.equal(verdict(await first.activate()), 'result', 'one that runs may be activated again')

    const others = await offer(bob)
    assert.equal(verdict(await others.activate()), 'result')
    for (const { pair } of [others, first]) await exchange(pair)
    await room(late, 15_000)
    for (const { pair } of [second, late]) await exchange(pair)
    assert.ok((await sample(fleet.control, 'splice65_limits_reached_total', { limit: 'requester-bytestreams' })) >= 1)
  })

  it('has no place taken by bytestreams of a relay that was killed, nor by activations that failed', async () => {
    const relay = await fleet.startRelay()
    const index = fleet.relays.length - 1
    const lost = [await offer(alice, [index, index]), await offer(alice, [index, index])]
    for (const each of lost) await room(each, 15_000)
    relay.kill()
    await relay.exited
    const successors = [await offer(alice), await offer(alice)]
    for (const each of successors) await room(each, 60_000)
    for (const { pair } of successors) await exchange(pair, 10)
    const last = await offer(alice)
    await room(last, 15_000)
    await exchange(last.pair, 10)
    // Each would take one of two places for as long as a lease, if it kept it.
    const fail = async () => verdict(await alice.activate(agree(alice.jid)))
    const missing = async () => (await fail()) === 'item-not-found cancel'
    await until('the last has left', missing, { timeoutMs: 15_000, everyMs: 500 })
    for (let round = 0; round < 3; round++) assert.equal(await fail(), 'item-not-found cancel')
  })

  it('is not refused while Redis is away', async () => {
    fleet.redis.kill()
    await fleet.redis.exited
    try {
      const bytestreams = [await offer(alice), await offer(alice), await offer(alice)]
      for (const { activate } of bytestreams) assert.equal(verdict(await activate()), 'result')
      for (const { pair } of bytestreams) await exchange(pair, 10)
      assert.ok((await sample(fleet.control, 'splice65_limits_unchecked_total')) >= 3)
    } finally {
      await fleet.redis.restart()
    }
  })

  it('has what runs ended when the bytes of the day are used up, and reads when there are new ones', async () => {
    const parts = [fleet.control, ...fleet.relays.slice(0, 2)]
    await until('the registry is back', async () => (await sample(parts, 'splice65_registry_up')) === parts.length)
    const greedy = await offer(bob)
    assert.equal(verdict(await greedy.activate()), 'result')
    const end = closed(greedy.pair.second)
    greedy.pair.first.write(randomBytes(1_000_000))
    assert.equal(await end, 'ECONNRESET')
    const next = await offer(bob)
    assertRefused(
      await next.activate(),
      /^Cannot activate: you have used up the 1000000 bytes of this day; try again after \d{4}-\d\d-\d\dT00:00:00Z$/,
    )
    assert.equal(await sample(fleet.relays[0] ?? [], 'splice65_bytestreams_total', { reason: 'daily-bytes' }), 1)
  })
})
