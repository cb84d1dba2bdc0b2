import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { agree, dialPair, dialRelay, exchange, pairOf } from '../support/pair.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { storyOf } from '../support/story.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

describe('A Redis', () => {
  let fleet: Fleet
  let alice: Requester
  let index: Redis

  before(async () => {
    fleet = await startFleet({ relays: 2 })
    alice = await logInRequester(fleet)
    index = new Redis(fleet.redis.url)
    index.on('error', () => {})
  })

  after(async () => {
    index?.disconnect()
    await alice?.[Symbol.asyncDispose]()
    await fleet?.stop()
  })

  it('flushed between the first connect and the second costs nothing', async () => {
    for (const second of [0, 1]) {
      const { digest, ...bytestream } = agree(alice.jid)
      const first = await dialRelay(fleet.relays[0], digest)
      await index.flushall()
      using pair = pairOf([first, await dialRelay(fleet.relays[second], digest)])
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      await exchange(pair)
      await storyOf(fleet.relays, digest)
    }
  })

  it('flushed between the second connect and the activation costs nothing', async () => {
    for (const second of [0, 1]) {
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[0], fleet.relays[second], digest)
      await index.flushall()
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      await exchange(pair)
      await storyOf(fleet.relays, digest)
    }
  })

  it('flushed after the activation lets no third client in where the bytestream runs', async () => {
    const { digest, ...bytestream } = agree(alice.jid)
    using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
    assert.equal(verdict(await alice.activate(bytestream)), 'result')
    await index.flushall()
    for (const relay of fleet.relays) {
      const { socket, rep } = await dialRelay(relay, digest)
      assert.equal(rep, 2)
      socket.destroy()
    }
    assert.equal(verdict(await alice.activate(bytestream)), 'result')
    await exchange(pair)
  })

  it('that hangs while two clients connect and activate costs them its deadlines only', async () => {
    fleet.redis.kill('SIGSTOP')
    try {
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      await exchange(pair)
      await storyOf(fleet.relays, digest)
    } finally {
      fleet.redis.kill('SIGCONT')
    }
  })

  it('killed before the activation is not missed, nor by those who come while it is gone', async () => {
    const { digest, ...bytestream } = agree(alice.jid)
    using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
    await kill(fleet)
    assert.equal(verdict(await alice.activate(bytestream)), 'result')
    await exchange(pair)
    await storyOf(fleet.relays, digest)

    const { digest: later, ...without } = agree(alice.jid)
    using both = await dialPair(fleet.relays[1], fleet.relays[0], later)
    assert.equal(verdict(await alice.activate(without)), 'result')
    await exchange(both)
    await restart(fleet, index)
  })

  it('killed while halves wait hears of them again when it is back', async () => {
    const { digest, ...bytestream } = agree(alice.jid)
    using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
    await kill(fleet)
    await restart(fleet, index)
    await until('both halves are registered again', async () => {
      const slots = await index.hmget(roomKey(digest), 'first', 'second')
      return slots.every((half) => half !== null)
    })
    const { rep, socket } = await dialRelay(fleet.relays[0], digest)
    assert.equal(rep, 2)
    socket.destroy()
    assert.equal(verdict(await alice.activate(bytestream)), 'result')
    await exchange(pair)
  })

  it('killed during a transfer is not noticed by it', async () => {
    for (const second of [0, 1]) {
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[0], fleet.relays[second], digest)
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      const traffic = new Traffic(pair)
      await traffic.goesOn()
      await kill(fleet)
      await traffic.goesOn()
      await restart(fleet, index)
      await traffic.goesOn()
      const { fromFirst, fromSecond } = await traffic.finish()
      const { outcome, bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual(
        { outcome, bytesFromFirst, bytesFromSecond },
        { outcome: 'completed', bytesFromFirst: fromFirst, bytesFromSecond: fromSecond },
      )
    }
  })

  it('that is back serves new pairs, and keeps nothing of ours for ever', async () => {
    const { digest, ...bytestream } = agree(alice.jid)
    using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
    assert.equal(await index.exists(roomKey(digest)), 1)
    assert.equal(verdict(await alice.activate(bytestream)), 'result')
    await exchange(pair)
    await storyOf(fleet.relays, digest)

    const { digest: lonely } = agree(alice.jid)
    const { socket } = await dialRelay(fleet.relays[0], lonely)
    assert.equal(await index.exists(roomKey(lonely)), 1)
    socket.resetAndDestroy()
    await until('the half that left is forgotten', async () => (await index.exists(roomKey(lonely))) === 0)

    await Promise.all(fleet.relays.map((relay) => relay.stop()))
    const keys = await index.keys('splice65:*')
    assert.ok(keys.includes(roomKey(digest)), 'the tombstone stands')
    for (const key of keys) {
      assert.ok(await isTombstone(index, key), `${key} is a tombstone`)
      const ttlMs = await index.pttl(key)
      assert.ok(ttlMs > 0 && ttlMs <= 60_000, `${key} is gone after ${ttlMs} ms`)
    }
  })
})

async function kill({ redis }: Fleet): Promise<void> {
  redis.kill()
  await redis.exited
}

/** Brings Redis back, empty, and waits until the relays have announced themselves to it. */
async function restart({ redis, relays }: Fleet, index: Redis): Promise<void> {
  await redis.restart()
  await until('the relays are back', async () => (await index.hlen('splice65:{relays}')) === relays.length)
}

function roomKey(digest: Digest): string {
  return `splice65:{${digest}}:`
}

async function isTombstone(index: Redis, key: string): Promise<boolean> {
  return (await index.hkeys(key)).join() === 'tombstone'
}
