import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { startRedis } from '../../deploy/local/redis.ts'
import { openRelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { freshDigest } from '../support/relays.ts'
import { sample } from '../support/sample.ts'
import { type ClientHalf, closed, dialHalf, greeting, readToEnd, readUpTo } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

describe('Two thousand clients that send a byte every two seconds', () => {
  it('are gone by the deadline, while others are served', async () => {
    await using relay = await startRelayProcess({ RELAY_MAX_SOCKETS: '2200' })
    const crowd = await dialMany(relay, 2_000)
    const gone = Promise.all(crowd.map(closed))
    let sent = 0
    const dripping = setInterval(() => {
      for (const socket of crowd) if (!socket.destroyed) socket.write(greeting.subarray(sent, sent + 1))
      sent += 1
    }, 2_000)
    try {
      for (let served = 0; served < 3; served++) await assertServed(relay)
      await gone
      assert.equal(await handshakes(relay, 'expired'), crowd.length)
      await assertServed(relay)
    } finally {
      clearInterval(dripping)
    }
  })
})

describe('A thousand clients of a relay that may open 256 descriptors', () => {
  it('leave it its own: Redis is found again, gRPC answers, metrics and readiness are told', async () => {
    await using redis = await startRedis()
    const settings = { RELAY_MAX_SOCKETS: '100', RELAY_REGISTRY_URL: redis.url }
    await using relay = await startRelayProcess(settings, { under: ['prlimit', '--nofile=256:256'] })
    const clients = openRelayClients({ rpcToken: undefined })
    const crowd = await dialMany(relay, 1_000)
    await until('the excess is counted', async () => (await handshakes(relay, 'over-limit')) === 900)

    redis.kill()
    await redis.exited
    await until('Redis is missed', async () => (await sample(relay.service, 'splice65_registry_up')) === 0)
    await redis.restart()
    await until('Redis is found', async () => (await sample(relay.service, 'splice65_registry_up')) === 1)
    const { socketsOpen, socketsMax } = await clients.at(relay.rpcAddress).describe({}, { timeoutMs: 5_000 })
    assert.deepEqual([socketsOpen, socketsMax], [100, 100])
    assert.equal((await fetch(`${relay.service.healthUrl}/readyz`)).status, 503)

    for (const socket of crowd) socket.destroy()
    await until('they are gone', async () => (await sample(relay.service, 'splice65_sockets_open')) === 0)
    await assertServed(relay)
    clients.close()
  })
})

describe('Two thousand halves of one address that nobody joins', () => {
  it('are let in by default, cost Redis less than a KiB each, keep nobody out, and leave nothing there', async () => {
    await using redis = await startRedis()
    const settings = { RELAY_MAX_SOCKETS: '4000', RELAY_REGISTRY_URL: redis.url }
    await using relay = await startRelayProcess(settings)
    const raw = new Redis(redis.url)
    const halves: ClientHalf[] = []
    while (halves.length < 2_000) {
      const batch = Array.from({ length: 50 }, () => dialHalf(relay.socksPort, freshDigest()))
      halves.push(...(await Promise.all(batch)))
    }
    assert.deepEqual([...new Set(halves.map(({ rep }) => rep))], [0])
    await assertServed(relay)
    const rooms = () => raw.keys('splice65:{*}:')
    await until('all are registered', async () => (await rooms()).length >= halves.length)
    const sizes = await Promise.all((await rooms()).map((key) => raw.memory('USAGE', key)))
    assert.ok(Math.max(...sizes.map(Number)) < 1_024, `${Math.max(...sizes.map(Number))} bytes`)

    for (const { socket } of halves) socket.resetAndDestroy()
    await until('their slots are free', async () => (await rooms()).length <= 1)
    raw.disconnect()
  })
})

const MIB = 1024 * 1024

// The kernel holds up to 20 MiB for each of them, out of a budget for all connections of the machine: when that is used
// up it resets whichever are closed, those of the tests beside this one too.
//
// A relay that stores what it cannot deliver would never stand still. Most of what the stream engine takes is garbage.
for (const { engine, mostBytes } of [
  { engine: 'splice', mostBytes: 64 * MIB },
  { engine: 'stream', mostBytes: 192 * MIB },
]) {
  describe(`Thirty senders whose receivers take nothing, by ${engine}`, () => {
    it('cost the relay no more memory, however much they would send', async () => {
      await using relay = await startRelayProcess({ RELAY_ENGINE: engine })
      const sockets: Socket[] = []
      const pairs = await Promise.all(Array.from({ length: 30 }, () => relay.pair()))
      for (const { first, second } of pairs) sockets.push(first.socket, second.socket.pause())
      const before = await memory(relay)
      const [senders, receivers] = [0, 1].map((half) => sockets.filter((_, index) => index % 2 === half))
      for (const sender of senders ?? []) flood(sender)
      await relayedAllItCan(relay)
      const full = await memory(relay)
      assert.ok(full < before + mostBytes, `${before} bytes before, ${full} when all were full`)

      for (let round = 0; round < 2; round++) {
        await Promise.all((receivers ?? []).map((receiver) => take(receiver, 16)))
        await relayedAllItCan(relay)
      }
      const later = await memory(relay)
      // Worker threads take their time to collect garbage; to keep a tenth of what was relayed would be more.
      assert.ok(later < full + 96 * MIB, `${full} bytes when all were full, ${later} when 1 GiB more was relayed`)
      await assertServed(relay)
      for (const socket of sockets) socket.destroy()
    })
  })
}

/** Sends for as long as anything is taken. */
function flood(socket: Socket): void {
  const chunk = Buffer.alloc(256 * 1024)
  const more = () => {
    while (socket.write(chunk));
  }
  socket.on('drain', more)
  more()
}

async function take(receiver: Socket, mebibytes: number): Promise<void> {
  for (let taken = 0; taken < mebibytes; taken++) await readUpTo(receiver, MIB)
}

/** Resolves when nothing has moved for a while. */
async function relayedAllItCan(relay: RelayProcess): Promise<void> {
  let last = -1
  const standsStill = async () => {
    const relayed = await sample(relay.service, 'splice65_relayed_bytes_total')
    const still = relayed > 0 && relayed === last
    last = relayed
    return still
  }
  await until('every receiver is full', standsStill, { timeoutMs: 60_000, everyMs: 1_000 })
}

const memory = ({ service }: RelayProcess) => sample(service, 'process_resident_memory_bytes')

const handshakes = ({ service }: RelayProcess, result: string) =>
  sample(service, 'splice65_handshakes_total', { result })

async function dialMany({ socksPort }: RelayProcess, count: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port: socksPort, host: '127.0.0.1' }).on('error', () => {})
      await once(socket, 'connect')
      return socket
    }),
  )
}

async function assertServed(relay: RelayProcess): Promise<void> {
  const { first, second } = await relay.pair()
  first.socket.end('to the second')
  assert.equal((await readToEnd(second.socket)).toString(), 'to the second')
  second.socket.end('to the first')
  assert.equal((await readToEnd(first.socket)).toString(), 'to the first')
}
