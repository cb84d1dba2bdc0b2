import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import type { RelayConfig } from '../../services/relay/config.ts'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import { activate, freshDigest, startRelays, type TestRelay, type TestRelays } from '../support/relays.ts'
import { type ClientHalf, dialHalf, readToEnd } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

const patience = { timeoutMs: 60_000 }
/** What is late on a busy machine has not failed. */
const unhurried: Partial<RelayConfig> = {
  heartbeatMs: 50,
  handshakeTimeoutMs: 60_000,
  handoffTimeoutMs: 20_000,
  ticketTimeoutMs: 30_000,
  activationTimeoutMs: 600_000,
}
/** What the documents say that the registry needs for a half. */
const bytesOfHalf = 512

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

describe('Two relays where ten halves may wait', () => {
  it('take no more than ten between them, activate who waits, and take others when some have left', async () => {
    await using fleet = await startFleet({ maxFleetWaiting: 10 })
    const [a, b] = [fleet.relay(0), fleet.relay(1)]
    const pair = freshDigest()
    assert.equal((await dial(b, pair)).rep, 0)
    await heard(a, 1)
    const halves = [await dial(a, pair)]
    while (halves.length < 9) halves.push(await dial(a))
    assert.deepEqual([...new Set(halves.map(({ rep }) => rep))], [0])
    assert.equal((await dial(a)).rep, 1)
    await heard(b, 10)
    assert.equal((await dial(b)).rep, 1)
    for (const relay of [a, b]) assert.equal(await refused(relay), 1)

    // Who waits waits on, and the pair's places are free for the next two.
    await join(fleet, pair)
    await heard(b, 8)
    assert.deepEqual([(await dial(b)).rep, (await dial(b)).rep, (await dial(b)).rep], [0, 0, 1])

    for (const { socket } of halves.slice(1)) socket.resetAndDestroy()
    await heard(b, 2)
    assert.equal((await dial(b)).rep, 0)
  })

  it('go by what they heard last while Redis is away, and by what they hear when it is back', async () => {
    await using own = await startRedis()
    await using fleet = await startFleet({ maxFleetWaiting: 10 }, own)
    const [a, b] = [fleet.relay(0), fleet.relay(1)]
    const halves: ClientHalf[] = []
    while (halves.length < 10) halves.push(await dial(a))
    await heard(b, 10)
    own.kill()
    await own.exited
    await until('Redis is missed', async () => (await b.sample('splice65_registry_up')) === 0)
    for (const { socket } of halves) socket.resetAndDestroy()
    await until('they have left', async () => (await a.sample('splice65_half_connections_waiting')) === 0)
    assert.equal((await dial(b)).rep, 1)
    await own.restart()
    await heard(b, 0)
    assert.equal((await dial(b)).rep, 0)
  })

  it('count the halves of one that drains', async () => {
    await using fleet = await startFleet({ maxFleetWaiting: 2 })
    const [a, b] = [fleet.relay(0), fleet.relay(1)]
    const waiting = [await dial(a), await dial(a)]
    const drained = a.drain(AbortSignal.timeout(60_000))
    await heard(b, 2)
    assert.equal((await dial(b)).rep, 1)
    for (const { socket } of waiting) socket.resetAndDestroy()
    await drained
    await heard(b, 0)
    assert.equal((await dial(b)).rep, 0)
  })
})

describe('Two thousand digests from fifty addresses', () => {
  it('cost Redis half a KiB for each half that may wait, keep no pair out before, and leave nothing', async () => {
    const [halvesPerSource, maxFleetWaiting] = [5, 400]
    await using fleet = await startFleet({ sourceLimits: 'on', halvesPerSource, maxFleetWaiting })
    const [a, b] = [fleet.relay(0), fleet.relay(1)]

    // What one address may have keeps them below the bound, and beside them pairs meet.
    const [some] = await Promise.all([flood(a, addresses(0, 25)), meet(fleet)])
    const others = await flood(a, addresses(25, 50))
    const atA = [...some.accepted, ...others.accepted]
    assert.equal(atA.length, 50 * halvesPerSource)
    await heard(b, atA.length)

    // At the second relay they would have as many again: the bound of both is met, to the half.
    const { accepted: atB, reps } = await flood(b, addresses(0, 50))
    assert.equal(atA.length + atB.length, maxFleetWaiting)
    assert.equal(await refused(b), reps.filter((rep) => rep === 1).length)
    const sizes = await Promise.all((await fleet.rooms()).map((room) => raw.memory('USAGE', room)))
    const bytes = sizes.reduce<number>((sum, size) => sum + Number(size), 0)
    assert.ok(bytes > 0 && bytes < maxFleetWaiting * bytesOfHalf, `${bytes} bytes`)

    for (const { socket } of [...atA, ...atB]) socket.resetAndDestroy()
    await until('nothing of them is left', async () => (await fleet.rooms()).length === 0, patience)
    await Promise.all([heard(a, 0), heard(b, 0)])
    await meet(fleet)
  })
})

describe('Two hundred digests that nobody activates', () => {
  it('leave nothing in Redis when their time is over', async () => {
    await using fleet = await startFleet({ maxFleetWaiting: 100, activationTimeoutMs: 500 })
    const { accepted } = await flood(fleet.relay(0), addresses(0, 10))
    assert.ok(accepted.length >= 100)
    await until('nothing of them is left', async () => (await fleet.rooms()).length === 0, patience)
    await heard(fleet.relay(1), 0)
  })
})

interface Fleet extends TestRelays {
  /** The keys of the rooms in which somebody waits. */
  rooms(): Promise<string[]>
}

/** Two relays with a registry in Redis that nobody else has. */
async function startFleet(options: Partial<RelayConfig>, server: RedisServer = redis): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const prefix = `${randomUUID()}:`
  const terms = { prefix, commandTimeoutMs: 10_000 }
  const registry = opened.adopt(await connectRegistry(server.url, {}, terms), (it) => it.close())
  const relays = opened.use(await startRelays(2, { ...unhurried, ...options }, { registry }))
  const running = opened.move()
  return {
    ...relays,
    async rooms() {
      const keys = await raw.keys(`${prefix}{*}:`)
      // A bytestream leaves a tombstone where its halves were.
      const held = await Promise.all(keys.map((key) => raw.hmget(key, 'first', 'second')))
      return keys.filter((_, index) => held[index]?.some((half) => half !== null))
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Resolves when this relay knows of so many halves on all relays. */
async function heard(relay: TestRelay, halves: number): Promise<void> {
  const known = () => relay.sample('splice65_fleet_half_connections_waiting')
  await until(`${relay.name} knows of ${halves} halves`, async () => (await known()) === halves, patience)
}

const refused = (relay: TestRelay): Promise<number> =>
  relay.sample('splice65_handshakes_total', { result: 'fleet-full' })

const dial = (relay: TestRelay, digest: Digest = freshDigest(), from?: string): Promise<ClientHalf> =>
  dialHalf(relay.ports.socks[''] ?? 0, digest, '127.0.0.1', from)

const addresses = (start: number, end: number): string[] =>
  Array.from({ length: end - start }, (_, index) => `127.0.1.${start + index + 1}`)

/** Twenty digests from each address, one after the other; who is let in stays. */
async function flood(
  relay: TestRelay,
  sources: readonly string[],
): Promise<{ accepted: ClientHalf[]; reps: (number | undefined)[] }> {
  const halves = sources.map(async (source) => {
    const named: ClientHalf[] = []
    while (named.length < 20) {
      const half = await dial(relay, freshDigest(), source)
      if (half.rep !== 0) half.socket.destroy()
      named.push(half)
    }
    return named
  })
  const all = (await Promise.all(halves)).flat()
  return { accepted: all.filter(({ rep }) => rep === 0), reps: all.map(({ rep }) => rep) }
}

/** Ten pairs of other addresses meet over both relays, and what one of them sends the other has. */
async function meet(fleet: Fleet): Promise<void> {
  const pairs = Array.from({ length: 10 }, async (_, index) => {
    const [digest, from] = [freshDigest(), `127.0.2.${index + 1}`]
    const [first, second] = [await dial(fleet.relay(0), digest, from), await dial(fleet.relay(1), digest, from)]
    assert.deepEqual([first.rep, second.rep], [0, 0])
    await join(fleet, digest)
    first.socket.end('to the second')
    assert.equal((await readToEnd(second.socket)).toString(), 'to the second')
    second.socket.end()
    await readToEnd(first.socket)
  })
  await Promise.all(pairs)
}

/** Activates two halves once each waits on its relay. */
async function join(fleet: Fleet, digest: Digest): Promise<void> {
  const waits = async ({ rpcAddress }: TestRelay) => {
    const asked = { room: { digest, streamhost: '' } }
    const { halves } = await fleet.clients.at(rpcAddress).findHalves(asked, { timeoutMs: 10_000 })
    return halves.length === 1
  }
  await until('both wait', async () => (await Promise.all(fleet.relays.map(waits))).every(Boolean), patience)
  assert.equal(await activate(fleet, digest), 'PATH_HANDOFF')
}
