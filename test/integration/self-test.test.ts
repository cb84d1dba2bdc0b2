import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import { type Balancer, startBalancer } from '../../deploy/local/balancer.ts'
import { freePort } from '../../deploy/local/port.ts'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import { Activator } from '../../services/control/bytestreams/activator.ts'
import { Permits } from '../../services/control/bytestreams/permits.ts'
import type { Streamhost } from '../../services/control/bytestreams/streamhost.ts'
import { type Directory, openDirectory } from '../../services/control/directory.ts'
import type { SelfTestReport } from '../../services/control/self-test/report.ts'
import { SelfTest, type SelfTestOptions } from '../../services/control/self-test/self-test.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import { systemClock as clock } from '../../services/shared/runtime/clock.ts'
import { startRelays, type TestRelay, type TestRelays } from '../support/relays.ts'
import { until } from '../support/until.ts'

const host = '127.0.0.1'
/** A method answer, and a reply that repeats the digest (XEP-0065 §6.3.2). */
const handshakeBytes = 2 + 47
const options: SelfTestOptions = {
  componentDomain: 'proxy.example.test',
  streamhosts: [],
  streamhostMode: 'shared',
  perPodStreamhosts: 1,
  selfTestIntervalMs: 60_000,
  selfTestTimeoutMs: 10_000,
  selfTestBytes: 65_536,
}

const events = { settlementFailed: (_room: unknown, error: unknown) => assert.fail(String(error)) }

describe('The self-test, with two relays behind one address and a Redis', () => {
  let redis: RedisServer
  let registry: Registry
  let relays: TestRelays
  let directory: Directory
  let activator: Activator
  let balancer: Balancer
  const opened = new AsyncDisposableStack()
  let perTest = new AsyncDisposableStack()

  before(async () => {
    redis = opened.use(await startRedis())
    registry = opened.adopt(await connectRegistry(redis.url), (it) => it.close())
    relays = opened.use(
      await startRelays(2, { ownListen: `${host}:0`, publicHost: host, streamRateBytes: 1_000 }, { registry }),
    )
    directory = opened.adopt(
      await openDirectory({ registry, clock }, { directoryRefreshMs: 50, directoryMemoryMs: 60_000 }),
      (it) => it.stop(),
    )
    await until('control knows both relays', () => directory.alive().length === 2)
    activator = new Activator(
      { registry, directory, relays: relays.clients, permits: new Permits({ clock }, 8), clock, events },
      { overtakeMs: 100, activationTimeoutMs: 4_500, findHalvesTimeoutMs: 1_000 },
    )
    balancer = opened.use(await startBalancer())
    // Two connections in turn come to one relay: both are reached by two bytestreams only.
    for (const relay of [0, 0, 1, 1]) balancer.add({ host, port: socksPort(relays.relay(relay)) })
  })

  afterEach(async () => {
    await perTest.disposeAsync()
    perTest = new AsyncDisposableStack()
  })

  after(() => opened.disposeAsync())

  function newSelfTest(changes: Partial<SelfTestOptions>): SelfTest {
    const events = { selfTestEnded: () => {}, selfTestBroke: assert.fail }
    const parts = { activator, directory, component: { state: 'connected' as const }, events, clock, random: () => 0.5 }
    return perTest.adopt(new SelfTest(parts, { ...options, ...changes }), (it) => it.stop())
  }

  /** The report of one test of one shared address. */
  async function tested(streamhost: Partial<Streamhost>, changes: Partial<SelfTestOptions> = {}) {
    const streamhosts = [{ name: '', host, port: balancer.address.port, ...streamhost }]
    const report = await newSelfTest({ streamhosts, ...changes }).run()
    assert.deepEqual(
      report.streamhosts.map(({ name, host: tested, port }) => ({ name, host: tested, port })),
      streamhosts,
    )
    return { report, only: report.streamhosts[0] ?? assert.fail('no address was tested') }
  }

  /** A server on loopback that does this with every connection, until the test is over. */
  async function listen(port: number, onSocket: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket.on('error', () => {}))
      onSocket(socket)
    }).listen(port, host)
    await once(server, 'listening')
    perTest.defer(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  it('passes, goes on until both relays have carried bytes, and leaves nothing behind', async () => {
    balancer.aimAt({ host, port: socksPort(relays.relay(0)) })
    const before = await ended(relays)
    const { report, only } = await tested({})
    assert.deepEqual(only, {
      name: '',
      host,
      port: balancer.address.port,
      outcome: 'passed',
      seconds: only.seconds,
      relays: ['relay-0', 'relay-1'],
    })
    assert.ok(only.seconds > 0)
    assert.equal(report.component, 'connected')
    assert.deepEqual(report.relays, reached(true, true))
    await until('both bytestreams have ended', async () => (await ended(relays)) === before + 2)
    for (const relay of relays.relays) {
      assert.equal(await relay.sample('splice65_bytestreams_active'), 0)
      assert.equal(await relay.sample('splice65_half_connections_waiting'), 0)
    }
  })

  it('is not slowed down by rates meant for users', async () => {
    // At 1000 bytes a second these would take a minute.
    const { only } = await tested({}, { selfTestTimeoutMs: 5_000 })
    assert.equal(only.outcome, 'passed')
  })

  it('crosses relays where the address leads to both', async () => {
    const alternating = perTest.use(await startBalancer())
    for (const relay of relays.relays) alternating.add({ host, port: socksPort(relay) })
    const { only } = await tested({ port: alternating.address.port })
    assert.deepEqual([only.outcome, only.relays], ['passed', ['relay-0', 'relay-1']])
  })

  it('stays out of the statistics of bytestreams, and tells of its own at debug', async () => {
    await tested({})
    await until('a relay has told', () =>
      relays.relays.some(({ lines }) => lines.some(({ msg }) => msg === 'self-test bytestream ended')),
    )
    for (const relay of relays.relays) {
      assert.equal(await relay.sample('splice65_bytestreams_total'), 0)
      assert.ok(relay.lines.every(({ msg }) => msg !== 'bytestream ended'))
    }
  })

  it('reports a relay that the address does not lead to', async () => {
    const { report, only } = await tested({ port: socksPort(relays.relay(1)) })
    assert.deepEqual([only.outcome, only.relays], ['passed', ['relay-1']])
    assert.deepEqual(report.relays, reached(false, true))
  })

  it('demands nothing of a relay that drains, although the address still leads there', async () => {
    const drain = async (draining: boolean) => {
      await relays.clients.at(relays.relay(0).rpcAddress).drain({ draining }, { timeoutMs: 5_000 })
      await until('control knows', () => directory.find('relay-0')?.draining === draining)
    }
    await drain(true)
    try {
      balancer.aimAt({ host, port: socksPort(relays.relay(0)) })
      const { report, only } = await tested({})
      assert.deepEqual([only.outcome, only.relays], ['passed', ['relay-1']])
      assert.deepEqual(report.relays, [{ name: 'relay-1', reached: true }])
      const inTurn = perTest.use(await startBalancer())
      for (const relay of [0, 1]) inTurn.add({ host, port: socksPort(relays.relay(relay)) })
      assert.equal((await tested({ port: inTurn.address.port })).only.outcome, 'passed')
      const own = await tested({ port: socksPort(relays.relay(0)) })
      assert.deepEqual([own.only.outcome, own.only.reason], ['failed', 'socks-reply'])
    } finally {
      await drain(false)
    }
  })

  it('tests the own address of every relay per pod, however few are advertised, and the shared one', async () => {
    const streamhosts = [{ name: 'alt', host, port: await freePort() }]
    const { streamhosts: found, relays: seen } = await newSelfTest({ streamhosts, streamhostMode: 'per-pod' }).run()
    assert.deepEqual(
      found.map(({ name, outcome, relays: by }) => [name, outcome, by]),
      [
        ['relay-0', 'passed', ['relay-0']],
        ['relay-1', 'passed', ['relay-1']],
        ['alt', 'failed', []],
      ],
    )
    assert.deepEqual(seen, reached(true, true))
  })

  it('names a name that does not resolve', async () => {
    // A label longer than DNS has: no server need be asked.
    const { only } = await tested({ host: `${'x'.repeat(64)}.invalid` })
    assert.deepEqual([only.outcome, only.reason, only.relays], ['failed', 'dns', []])
  })

  it('names a closed port, and recovers when it is open', async () => {
    const port = await freePort()
    const selfTest = newSelfTest({ streamhosts: [{ name: '', host, port }] })
    const [closed] = (await selfTest.run()).streamhosts
    assert.deepEqual([closed?.outcome, closed?.reason], ['failed', 'refused'])
    assert.match(closed?.message ?? '', new RegExp(`${port}.*ECONNREFUSED`))
    await listen(port, (client) => throughTo(socksPort(relays.relay(0)), client))
    const [open] = (await selfTest.run()).streamhosts
    assert.deepEqual([open?.outcome, open?.relays], ['passed', ['relay-0']])
  })

  it('names a port on which something else speaks', async () => {
    const port = await listen(0, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const { only } = await tested({ port })
    assert.deepEqual([only.outcome, only.reason], ['failed', 'not-socks5'])
  })

  it('names a port on which nobody answers', async () => {
    const port = await listen(0, () => {})
    const { only } = await tested({ port }, { selfTestTimeoutMs: 200 })
    assert.deepEqual([only.outcome, only.reason], ['failed', 'timeout'])
  })

  it('names an address that leads to relays of somebody else', async () => {
    const others = perTest.use(await startRelays(1))
    const { only } = await tested({ port: socksPort(others.relay(0)) })
    assert.deepEqual([only.outcome, only.reason], ['failed', 'not-activated'])
  })

  for (const [fact, change] of [
    ['other bytes', (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1))],
    ['fewer bytes', (bytes: Buffer) => bytes.subarray(1)],
    ['more bytes', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ] as const) {
    it(`names an address from which ${fact} come than went in`, async () => {
      const port = await listen(0, (client) => throughTo(socksPort(relays.relay(0)), client, change))
      const { only } = await tested({ port }, { selfTestBytes: 1_000 })
      assert.deepEqual([only.outcome, only.reason], ['failed', 'bytes'])
    })
  }

  it('shares a test that runs, and ends the wait of a caller who leaves', async () => {
    const port = await listen(0, () => {})
    const selfTest = newSelfTest({ streamhosts: [{ name: '', host, port }], selfTestTimeoutMs: 300 })
    const [first, second] = [selfTest.run(), selfTest.run()]
    const leaving = new AbortController()
    const third = selfTest.run(leaving.signal)
    leaving.abort(new Error('I leave'))
    await assert.rejects(third, /I leave/)
    assert.equal(await first, await second)
    assert.notEqual(await selfTest.run(), await first)
  })

  it('closes its sockets when control stops', async () => {
    const arrived = Promise.withResolvers<Socket>()
    const port = await listen(0, (socket) => arrived.resolve(socket))
    const selfTest = newSelfTest({ streamhosts: [{ name: '', host, port }] })
    const running = selfTest.run()
    running.catch(() => {})
    const socket = await arrived.promise
    const closed = once(socket.resume(), 'end')
    await selfTest.stop()
    await closed
    await assert.rejects(running, /control stops/)
    await assert.rejects(selfTest.run(), /control stops/)
  })
})

function socksPort(relay: TestRelay): number {
  return relay.ports.socks[''] ?? assert.fail(`${relay.name} has no shared listener`)
}

/** How many bytestreams of self-tests the relays have told the end of. */
async function ended({ relays }: TestRelays): Promise<number> {
  return relays.flatMap(({ lines }) => lines.filter(({ msg }) => msg === 'self-test bytestream ended')).length
}

function reached(...each: boolean[]): SelfTestReport['relays'] {
  return each.map((was, index) => ({ name: `relay-${index}`, reached: was }))
}

/** Carries a connection to a relay and back, and changes what comes back behind the handshake. */
function throughTo(port: number, client: Socket, change?: (bytes: Buffer) => Buffer): void {
  const upstream = createConnection({ port, host, allowHalfOpen: true }).on('error', () => client.destroy())
  client.pipe(upstream)
  let answered = 0
  upstream.on('data', (chunk: Buffer) => {
    const handshake = answered < handshakeBytes
    answered += chunk.length
    client.write(change && !handshake ? change(chunk) : chunk)
  })
  upstream.on('end', () => client.end())
  client.on('close', () => upstream.destroy())
}
