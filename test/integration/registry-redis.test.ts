import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { accountsContract } from '../../services/shared/registry/accounts.contract.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import {
  halvesIn,
  pairIn,
  randomHalf,
  randomRelay,
  randomRoom,
  registryContract,
} from '../../services/shared/registry/registry.contract.ts'
import { operations, perform } from '../../services/shared/registry/registry.operations.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

let redis: RedisServer
let raw: Redis

before(async () => {
  redis = await startRedis()
  raw = new Redis(redis.url)
})

after(async () => {
  raw.disconnect()
  await redis.stop()
})

for (const contract of [registryContract, accountsContract]) {
  contract('Redis', async (terms = {}) => ({
    registry: await connectRegistry(redis.url, {}, { terms }),
    until: (what, condition) => until(what, condition),
  }))
}

describe('connectRegistry()', () => {
  it('agrees with the memory registry in every history of a room', async () => {
    await using registry = await disposable(redis.url)
    const memory = createMemoryRegistry()
    await fc.assert(
      fc.asyncProperty(operations, async (steps) => {
        const room = randomRoom()
        for (const step of steps) {
          assert.deepEqual(await perform(registry, room, step), await perform(memory, room, step), step.kind)
        }
      }),
      { numRuns: 60 },
    )
    await memory.close()
  })

  it('lets exactly two win when fifty claim over ten connections', async () => {
    const registries = await Promise.all(Array.from({ length: 10 }, () => connectRegistry(redis.url)))
    const rooms = Array.from({ length: 20 }, () => randomRoom())
    for (const room of rooms) {
      const claims = Array.from({ length: 5 }, () => registries.map((registry) => registry.claim(room, randomHalf())))
      const settled = await Promise.allSettled(claims.flat())
      const won = settled.filter((result) => result.status === 'fulfilled').map((result) => result.value)
      assert.deepEqual(won.map((claim) => claim.slot).sort(), ['first', 'second'])
    }
    await Promise.all(registries.map((registry) => registry.close()))
  })

  it('lets as many bytestreams into an account as may be live when ten connections enter them at once', async () => {
    const registries = await Promise.all(Array.from({ length: 10 }, () => connectRegistry(redis.url)))
    const limits = { bytestreams: 7, dailyBytes: 0 }
    const enter = ({ accounts }: Registry) => accounts.enter('crowd', randomUUID(), limits)
    const entrances = await Promise.all(
      registries.flatMap((registry) => Array.from({ length: 5 }, () => enter(registry))),
    )
    assert.equal(entrances.filter(({ state }) => state === 'entered').length, 7)
    assert.equal(entrances.filter(({ state }) => state === 'crowded').length, 43)
    await Promise.all(registries.map((registry) => registry.close()))
  })

  it('keeps a room in one key that expires with the longest of its leases', async () => {
    await using registry = await disposable(redis.url)
    const { room, first, second } = await pairIn(registry)
    const key = `splice65:{${room.digest}}:`
    await assertTtl(key, 30_000)
    await registry.claimActivation(room, 'alice')
    await assertTtl(key, 30_000)
    await registry.bury(room)
    await assertTtl(key, 60_000)

    const streamhost = { ...room, streamhost: 'relay-1' }
    await registry.claim(streamhost, first)
    await registry.claim(streamhost, second)
    await registry.release(streamhost, first.id)
    assert.equal(await raw.exists(`${key}relay-1`), 1)
    await registry.release(streamhost, second.id)
    assert.equal(await raw.exists(`${key}relay-1`), 0)
  })

  it('keeps the directory in one key that expires with the last relay', async () => {
    await using registry = await disposable(redis.url, { prefix: 'ttl:' })
    await registry.announce(randomRelay('relay-0'))
    await assertTtl('ttl:{relays}', 10_000)
    await registry.withdraw('relay-0')
    assert.deepEqual(await raw.keys('ttl:*'), [])
  })

  it('keeps the bytes of an account until the day is over, and who is live for a lease', async () => {
    await using registry = await disposable(redis.url, { prefix: 'account:' })
    await registry.accounts.renew('alice', 'a')
    await assertTtl('account:{alice}:live', 30_000)
    assert.equal(await raw.exists('account:{alice}:day'), 0)
    await registry.accounts.charge('alice', 'a', { charged: 0, total: 10 })
    const [seconds = ''] = await raw.time()
    const untilTomorrowMs = 86_400_000 - ((Number(seconds) * 1000) % 86_400_000)
    await assertTtl('account:{alice}:day', Math.max(untilTomorrowMs, 30_000))
    await registry.accounts.leave('alice', 'a')
    assert.equal(await raw.exists('account:{alice}:live'), 0)
    assert.deepEqual((await raw.hkeys('account:{alice}:day')).sort(), ['bytes', 'day'])
  })

  it('begins a new day with no bytes, and charges a bytestream of yesterday only for what is new', async () => {
    await using registry = await disposable(redis.url, { prefix: 'yesterday:' })
    const { accounts } = registry
    await accounts.charge('alice', 'a', { charged: 0, total: 100 })
    await raw.hincrby('yesterday:{alice}:day', 'day', -1)
    const limits = { bytestreams: 0, dailyBytes: 100 }
    assert.deepEqual(await accounts.enter('alice', 'b', limits), { state: 'entered' })
    assert.equal(await accounts.charge('alice', 'a', { charged: 100, total: 103 }), 3)
  })

  it('is unavailable for an account of another type', async () => {
    await using registry = await disposable(redis.url, { prefix: 'spoilt:' })
    await raw.set('spoilt:{alice}:live', 'text')
    const limits = { bytestreams: 1, dailyBytes: 1 }
    await assert.rejects(registry.accounts.enter('alice', 'a', limits), { code: 'unavailable' })
    await assert.rejects(registry.accounts.charge('alice', 'a', { charged: 0, total: 1 }), { code: 'unavailable' })
  })

  it('leaves nothing behind when all leases have run out', async () => {
    const terms = { halfLeaseMs: 50, activationLeaseMs: 50, tombstoneMs: 50, relayLeaseMs: 50 }
    await using registry = await disposable(redis.url, { terms, prefix: 'short:' })
    await registry.claim(randomRoom(), randomHalf())
    await registry.bury(randomRoom())
    await registry.announce(randomRelay('relay-0'))
    await until('every key has expired', async () => (await raw.keys('short:*')).length === 0)
  })

  it('is unavailable for a room of another type, or one that it cannot read', async () => {
    await using registry = await disposable(redis.url)
    const future = String(Date.now() + 60_000)
    const spoil: ((key: string) => Promise<unknown>)[] = [
      (key) => raw.set(key, 'text'),
      (key) => raw.hset(key, 'first', 'not JSON', 'first.until', future),
      (key) => raw.hset(key, 'second', '{"relay":"relay-0"}', 'second.until', future),
      (key) => raw.hset(key, 'first', '[]', 'first.until', 'soon'),
      (key) => raw.hset(key, 'activation', 'alice'),
      (key) => raw.hset(key, 'tombstone', 'yes'),
    ]
    for (const write of spoil) {
      const room = randomRoom()
      await write(`splice65:{${room.digest}}:`)
      for (const call of [
        registry.claim(room, randomHalf()),
        registry.renew(room, randomHalf()),
        registry.release(room, 'a'),
        registry.claimActivation(room, 'alice'),
        registry.settleActivation(room, 'alice', false),
        registry.settleActivation(room, 'alice', true),
      ]) {
        await assert.rejects(call, { code: 'unavailable' })
      }
    }
  })

  it('is unavailable when a half lacks what activation needs', async () => {
    await using registry = await disposable(redis.url)
    const room = randomRoom()
    await raw.hset(`splice65:{${room.digest}}:`, 'first', '{"id":"a"}', 'first.until', String(Date.now() + 60_000))
    await assert.rejects(registry.claimActivation(room, 'alice'), { code: 'unavailable' })
  })

  it('ignores and keeps what another version adds', async () => {
    await using registry = await disposable(redis.url)
    const room = randomRoom()
    const key = `splice65:{${room.digest}}:`
    const half = randomHalf()
    const newer = JSON.stringify({ ...half, zone: 'a', tags: [] })
    await raw.hset(key, 'first', newer, 'first.until', String(Date.now() + 60_000), 'epoch', '7')
    await registry.claim(room, randomHalf())
    assert.deepEqual((await halvesIn(registry, room))[0], half)
    assert.deepEqual(await raw.hmget(key, 'first', 'epoch'), [newer, '7'])
  })

  it('lists the good relays beside an entry that is none, and clears it away', async () => {
    await using registry = await disposable(redis.url, { prefix: 'odd:' })
    await raw.hset('odd:{relays}', 'garbage', 'garbage', 'empty', `${Date.now() + 60_000} {}`)
    await registry.announce(randomRelay('relay-0'))
    assert.deepEqual(await registry.relays(), [randomRelay('relay-0')])
    assert.deepEqual((await raw.hkeys('odd:{relays}')).sort(), ['empty', 'relay-0'])
  })

  it('tells the outcome and the time of every request', async () => {
    const told: [string, string, number][] = []
    const registry = await connectRegistry(redis.url, { onRequest: (...request) => told.push(request) })
    const { room } = await pairIn(registry)
    await assert.rejects(registry.claim(room, randomHalf()), { code: 'taken' })
    await registry.close()
    await assert.rejects(registry.bury(room), { code: 'unavailable' })
    assert.deepEqual(
      told.map(([operation, outcome]) => `${operation} ${outcome}`),
      ['claim ok', 'claim ok', 'claim ok', 'bury error'],
    )
    for (const [, , seconds] of told) assert.ok(seconds >= 0 && seconds < 60)
  })

  it('loads its scripts again when Redis has forgotten them', async () => {
    await using registry = await disposable(redis.url)
    const { room, first } = await pairIn(registry)
    await raw.script('FLUSH')
    assert.equal(await registry.renew(room, first), true)
  })

  it('fills again by renewals after FLUSHALL', async () => {
    await using registry = await disposable(redis.url)
    const { room, first, second } = await pairIn(registry)
    await raw.flushall()
    assert.deepEqual(await halvesIn(registry, room), [])
    assert.equal(await registry.renew(room, first), true)
    assert.equal(await registry.renew(room, second), true)
    assert.deepEqual(await halvesIn(registry, room), [first, second])
  })
})

describe('connectRegistry() while Redis is away', () => {
  it('starts without Redis, fails at once, and tells when it can be reached', async () => {
    const server = await startRedis()
    server.kill()
    await server.exited
    const { log, lines } = recordingLog()
    const registry = await connectRegistry(server.url, { log })
    try {
      await assert.rejects(registry.claim(randomRoom(), randomHalf()), { code: 'unavailable' })
      const returned = nextReturn(registry)
      await server.restart()
      await returned
      await pairIn(registry)
      assert.deepEqual(lines, ['warn registry cannot be reached', 'info registry can be reached again'])
    } finally {
      await registry.close()
      await server.stop()
    }
  })

  it('fails while Redis is dead, works when it is back, and says each once', async () => {
    const server = await startRedis()
    const { log, lines } = recordingLog()
    const registry = await connectRegistry(server.url, { log })
    try {
      const { room, first } = await pairIn(registry)
      const pending = Promise.allSettled(Array.from({ length: 100 }, () => registry.renew(room, first)))
      server.kill()
      await server.exited
      await pending
      await until('the loss is noticed', () => lines.length === 2)
      assert.equal(registry.reachable, false)
      await assertUnavailable(registry)
      const returned = nextReturn(registry)
      await server.restart()
      await returned
      assert.equal(registry.reachable, true)
      assert.equal(await registry.renew(room, first), true)
      assert.deepEqual(lines, [
        'info registry can be reached',
        'warn registry cannot be reached',
        'info registry can be reached again',
      ])
    } finally {
      await registry.close()
      await server.stop()
    }
  })

  it('fails every call of a hung Redis by the deadline, and tells when it wakes', async () => {
    const server = await startRedis()
    const registry = await connectRegistry(server.url, {}, { commandTimeoutMs: 1_000 })
    try {
      server.kill('SIGSTOP')
      await Promise.all(Array.from({ length: 20 }, () => assertUnavailable(registry)))
      await assertUnavailable(registry)
      const returned = nextReturn(registry)
      server.kill('SIGCONT')
      await returned
      await pairIn(registry)
    } finally {
      await registry.close()
      await server.stop()
    }
  })

  it('closes while it tries to connect', async () => {
    const registry = await connectRegistry('redis://:secret@127.0.0.1:1')
    await registry.close()
    await registry.close()
    await assert.rejects(registry.relays(), { code: 'unavailable' })
  })

  it('never tells the password', async () => {
    const password = randomUUID()
    const server = await startRedis({ args: ['--requirepass', 'another'] })
    const { log, lines, everything } = recordingLog()
    const registry = await connectRegistry(`redis://:${password}@127.0.0.1:${server.port}`, { log })
    try {
      await assertUnavailable(registry)
      const failure = await registry.relays().catch((error: unknown) => error)
      assert.ok(failure instanceof Failure)
      assert.deepEqual(lines, ['warn registry cannot be reached'])
      assert.match(everything(), /WRONGPASS/)
      const told = everything() + JSON.stringify(failure) + String(failure) + JSON.stringify(failure.cause)
      assert.ok(!told.includes(password))
    } finally {
      await registry.close()
      await server.stop()
    }
  })
})

async function disposable(url: string, options: Parameters<typeof connectRegistry>[2] = {}) {
  const registry = await connectRegistry(url, {}, options)
  return Object.assign(registry, { [Symbol.asyncDispose]: () => registry.close() })
}

function nextReturn(registry: Registry): Promise<void> {
  return new Promise((resolve) => {
    const stop = registry.onReturn(() => {
      stop()
      resolve()
    })
  })
}

async function assertUnavailable(registry: Registry): Promise<void> {
  const calls = [
    registry.claim(randomRoom(), randomHalf()),
    registry.renew(randomRoom(), randomHalf()),
    registry.release(randomRoom(), 'a'),
    registry.claimActivation(randomRoom(), 'alice'),
    registry.bury(randomRoom()),
    registry.announce(randomRelay('relay-0')),
    registry.withdraw('relay-0'),
    registry.relays(),
  ]
  await Promise.all(calls.map((call) => assert.rejects(call, { code: 'unavailable' })))
}

/** A lease that has just begun: a little of it may have passed. */
async function assertTtl(key: string, leaseMs: number): Promise<void> {
  const ttlMs = await raw.pttl(key)
  assert.ok(ttlMs > leaseMs - 5000 && ttlMs <= leaseMs, `${key} expires in ${ttlMs} ms, not ${leaseMs} ms`)
}
