import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { startRedis } from '../../deploy/local/redis.ts'
import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { MAGIC } from '../../services/relay/trunk-preamble.ts'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import type { RelayRecord } from '../../services/shared/registry/registry.ts'
import { sealRelay } from '../../services/shared/registry/relay-seal.ts'
import { openRpcClient } from '../../services/shared/rpc/client.ts'
import { controlService } from '../../services/shared/rpc/protocol.ts'
import { openRelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { openTlsIdentity } from '../../services/shared/runtime/tls-identity.ts'
import { createAuthority } from '../support/certificates.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { recordingLog } from '../support/recording-log.ts'
import { activate, freshDigest, startRelays, type TestRelays } from '../support/relays.ts'
import { dialHalf, readUpTo } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

const rpcToken = 'a token of tests only'
const timeoutMs = 5_000

/** Control that nobody but operators can reach, with what it logs. */
async function startQuietControl(env: Record<string, string>, opened: AsyncDisposableStack) {
  const { log, lines, everything } = recordingLog()
  const config = readOptions('control', controlOptions, {
    CONTROL_COMPONENT_DOMAIN: 'proxy.example.test',
    CONTROL_COMPONENT_HOST: '127.0.0.1',
    CONTROL_COMPONENT_PORT: '1',
    CONTROL_COMPONENT_SECRET: 'component-canary',
    CONTROL_STREAMHOSTS: 'relay.example.test:7777',
    CONTROL_SELF_TEST: 'false',
    CONTROL_DIRECTORY_REFRESH_MS: '20',
    CONTROL_HEALTH_HOST: '127.0.0.1',
    CONTROL_HEALTH_PORT: '0',
    CONTROL_RPC_PORT: '0',
    CONTROL_RPC_TOKEN: rpcToken,
    ...env,
  })
  const control = opened.adopt(await startControl(config, { log }), (it) => it.stop())
  const address = `127.0.0.1:${control.rpcPort}`
  const { calls } = opened.adopt(openRpcClient(controlService, address, { rpcToken }), (it) => it.close())
  const metrics = async () => (await fetch(`http://127.0.0.1:${control.addresses.health.port}/metrics`)).text()
  return { calls, lines, everything, metrics }
}

describe('A relay’s record in Redis', () => {
  it('is neither dialled nor listed unless a relay with the token has written it', async () => {
    await using opened = new AsyncDisposableStack()
    const redis = opened.use(await startRedis())
    const registry = opened.adopt(await connectRegistry(redis.url), (it) => it.close())
    // Where a poisoned record leads to: whoever comes here would show the token.
    const visitors: Socket[] = []
    const trap = createServer((socket) => visitors.push(socket)).listen(0, '127.0.0.1')
    opened.defer(() => {
      for (const socket of visitors) socket.destroy()
      trap.close()
    })
    await once(trap, 'listening')
    const rpcAddress = `127.0.0.1:${(trap.address() as AddressInfo).port}`
    const record = (name: string, address = rpcAddress): RelayRecord => ({
      name,
      rpcAddress: address,
      load: 0,
      draining: false,
      version: '1',
    })
    const genuine = sealRelay(record('genuine', '127.0.0.1:1'), rpcToken, Date.now())
    const poison: RelayRecord[] = [
      record('unsealed'),
      sealRelay(record('of-strangers'), 'a token of strangers', Date.now()),
      sealRelay(record('put-back'), rpcToken, Date.now() - 3_600_000),
      { ...genuine, rpcAddress },
      { ...genuine, name: 'renamed', rpcAddress },
    ]
    const raw = opened.adopt(new Redis(redis.url), (it) => it.disconnect())
    const write = async (field: string, value: string) => {
      await raw.hset('splice65:{relays}', field, `${Date.now() + 600_000} ${value}`)
    }
    for (const [index, each] of poison.entries()) await write(`poison-${index}`, JSON.stringify(each))
    for (const [index, junk] of ['{', 'null', '[]', '{"name":"half"}', '"relay"', '\u0000'].entries()) {
      await write(`junk-${index}`, junk)
    }
    await raw.hset('splice65:{relays}', 'not-even', 'a lease')
    await registry.announce(genuine)

    const { calls, lines, everything, metrics } = await startQuietControl({ CONTROL_REGISTRY_URL: redis.url }, opened)
    // Asks every relay that control believes in.
    const listed = async () => (await calls.listRelays({}, { timeoutMs })).relays.map(({ name }) => name)
    assert.deepEqual(await listed(), ['genuine'])
    assert.equal(visitors.length, 0)
    assert.equal(lines.filter((line) => line.startsWith('warn the registry lists relays that are not ours')).length, 1)
    assert.ok(!everything().includes(rpcToken))
    const page = await metrics()
    for (const reason of ['unsealed', 'forged', 'stale']) {
      assert.match(page, new RegExp(`^splice65_relay_records_refused_total\\{reason="${reason}"\\} [1-9]`, 'm'))
    }

    // The same address, from somebody who has the token: so the trap would have told.
    await registry.announce(sealRelay(record('moved'), rpcToken, Date.now()))
    await until('control knows it', async () => (await listed()).includes('moved'))
    assert.ok(visitors.length > 0)
  })

  it('of real relays is believed, and their streamhosts are told', async () => {
    await using opened = new AsyncDisposableStack()
    const redis = opened.use(await startRedis())
    const registry = opened.adopt(await connectRegistry(redis.url), (it) => it.close())
    opened.use(await startRelays(2, { rpcToken, ownListen: '127.0.0.1:0', publicHost: '127.0.0.1' }, { registry }))
    const { calls } = await startQuietControl({ CONTROL_REGISTRY_URL: redis.url }, opened)
    await until('both answer', async () => {
      const { relays } = await calls.listRelays({}, { timeoutMs })
      return relays.length === 2 && relays.every(({ status, publicAddress }) => status !== null && publicAddress !== '')
    })
  })
})

describe('A call between services', () => {
  it('needs the token also from who shows a certificate of ours', async () => {
    await using folder = temporaryFolder('trust')
    const files = await (await createAuthority(folder)).issue('another-service')
    await using relays = await startRelays(1, { rpcToken, ...files })
    const { log } = recordingLog()
    using identity = openTlsIdentity('relay', files, { log })
    const room = { digest: freshDigest(), streamhost: '' }
    for (const shown of [undefined, 'another token of tests']) {
      const stranger = openRelayClients({ rpcToken: shown, identity })
      await assert.rejects(
        stranger.at(relays.relay(0).rpcAddress).findHalves({ room }, { timeoutMs }),
        (error) => error instanceof Failure && error.code === 'forbidden',
      )
      stranger.close()
    }
    const known = await relays.clients.at(relays.relay(0).rpcAddress).findHalves({ room }, { timeoutMs })
    assert.deepEqual(known, { halves: [], activated: false })
  })

  it('goes to a host and a port, whatever else gRPC could be told to dial', async () => {
    await using folder = temporaryFolder('trust')
    const path = folder.file('socket')
    let visited = false
    const trap = createServer((socket) => {
      visited = true
      socket.destroy()
    }).listen(path)
    await once(trap, 'listening')
    await using relays = await startRelays(1, { handoffTimeoutMs: 500 })
    const { client, order } = await localOrder(relays)
    for (const rpcAddress of [`unix:${path}`, `unix://${path}`, `ipv4:127.0.0.1:1`, 'xds:///x', 'http://[::1]/', '']) {
      await assert.rejects(
        relays.clients.at(relays.relay(0).rpcAddress).activate(order(rpcAddress), { timeoutMs }),
        (error) => error instanceof Failure && error.code === 'unavailable',
        rpcAddress,
      )
    }
    assert.ok(!visited)
    client.socket.destroy()
    trap.close()
  })
})

/** A half on the first relay, and orders to join it with one on a relay that is said to be at some address. */
async function localOrder(relays: TestRelays) {
  const digest = freshDigest()
  const client = await dialHalf(relays.relay(0).ports.socks[''] ?? 0, digest)
  const room = { digest, streamhost: '' }
  const { name: relay, rpcAddress: here } = relays.relay(0)
  const { halves } = await relays.clients.at(here).findHalves({ room }, { timeoutMs })
  const first = { id: halves[0]?.id ?? '', relay, rpcAddress: here }
  return {
    client,
    order: (rpcAddress: string) => ({
      room,
      halves: [first, { id: 'elsewhere', relay: 'elsewhere', rpcAddress }],
      requester: 'a@b/c',
      target: 'd@e/f',
      selfTest: false,
      accounts: [],
    }),
  }
}

describe('A handoff ticket', () => {
  const ready = Buffer.from([1])
  const go = Buffer.from([2])
  const nothing = Buffer.alloc(0)
  const ticketTimeoutMs = 10_000

  it('is taken by no other relay, and by nobody in pieces or with a bit changed', async () => {
    await using market = await openMarket()
    const digest = freshDigest()
    await market.dial(digest)
    const ticket = await market.buy(digest)
    const wrong = Buffer.from(ticket)
    wrong.writeUInt8(wrong.readUInt8(31) ^ 1, 31)
    for (const [shown, relay] of [[ticket, market.other] as const, [wrong] as const, [randomBytes(32)] as const]) {
      assert.deepEqual((await market.present(shown, relay)).answer, nothing)
    }
    assert.deepEqual((await market.present(ticket)).answer, ready, 'the half is not disturbed')
  })

  it('is good for the half it was sold for and no other', async () => {
    await using market = await openMarket()
    const [mine, theirs] = [freshDigest(), freshDigest()]
    const { socket: client } = await market.dial(mine)
    await market.dial(theirs)
    const [half = ''] = await market.waiting(mine)
    await assert.rejects(
      market.buy(theirs, half),
      (error) => error instanceof Failure && error.code === 'not-found',
      'none is sold for a half under the name of another room',
    )
    const { socket, answer } = await market.present(await market.buy(mine))
    assert.deepEqual(answer, ready)
    socket.write(Buffer.concat([go, Buffer.from('hello')]))
    assert.equal(String(await readUpTo(client, 5)), 'hello')
    assert.equal((await market.waiting(theirs)).length, 1)
  })

  it('is worth nothing after its time, after its use, or after its half has left', async () => {
    await using market = await openMarket()
    const digest = freshDigest()
    const { socket: client } = await market.dial(digest)
    const old = await market.buy(digest)
    market.clock.advance(ticketTimeoutMs)
    assert.equal((await market.waiting(digest)).length, 1, 'the half waits again')
    assert.deepEqual((await market.present(old)).answer, nothing)

    const used = await market.buy(digest)
    const first = await market.present(used)
    assert.deepEqual(first.answer, ready)
    assert.deepEqual((await market.present(used)).answer, nothing)
    first.socket.destroy()
    await until('the half waits again', async () => (await market.waiting(digest)).length === 1)

    const orphaned = await market.buy(digest)
    client.resetAndDestroy()
    await until('it has left', async () => (await market.holder.sample('splice65_half_connections_waiting')) === 0)
    const { socket } = await market.present(orphaned)
    socket.write(go)
    assert.deepEqual(await readUpTo(socket, 1), nothing, 'no byte of anybody')
  })

  it('that strangers try to guess costs the pair nothing', async () => {
    await using market = await openMarket()
    const digest = freshDigest()
    const { socket: mine } = await market.dial(digest, market.other)
    const { socket: theirs } = await market.dial(digest)
    const guesses = await Promise.all(Array.from({ length: 20 }, () => market.present(randomBytes(32))))
    for (const { answer } of guesses) assert.deepEqual(answer, nothing)
    assert.equal(await activate(market.relays, digest), 'PATH_HANDOFF')
    mine.write('hello')
    assert.equal(String(await readUpTo(theirs, 5)), 'hello')
  })

  /** Two relays, one of which holds what is dialled. Its sockets end with it. */
  async function openMarket() {
    await using opened = new AsyncDisposableStack()
    const clock = new ManualClock()
    const relays = opened.use(await startRelays(2, { rpcToken, handoffTimeoutMs: 5_000, ticketTimeoutMs }, { clock }))
    const [other, holder] = [relays.relay(0), relays.relay(1)]
    const sockets: Socket[] = []
    opened.defer(() => {
      for (const socket of sockets) socket.destroy()
    })
    const roomOf = (digest: Digest) => ({ digest, streamhost: '' })
    const waiting = async (digest: Digest) => {
      const { halves } = await relays.clients.at(holder.rpcAddress).findHalves({ room: roomOf(digest) }, { timeoutMs })
      return halves.map(({ id }) => id)
    }
    const running = opened.move()
    return {
      relays,
      clock,
      other,
      holder,
      /** The halves that wait on the holder. */
      waiting,
      async dial(digest: Digest, relay = holder) {
        const half = await dialHalf(relay.ports.socks[''] ?? 0, digest)
        sockets.push(half.socket)
        assert.equal(half.rep, 0)
        return half
      },
      /** A ticket of the holder for the half that waits, or for another. */
      async buy(digest: Digest, half?: string) {
        const asked = half ?? (await waiting(digest))[0] ?? ''
        const asking = { room: roomOf(digest), half: asked, owner: other.name, confirmed: false }
        return (await relays.clients.at(holder.rpcAddress).handoff(asking, { timeoutMs })).ticket
      },
      /** Shows a ticket to a relay’s trunk: the first byte of the answer, if there is one. */
      async present(ticket: Buffer, relay = holder) {
        const socket = connect({ port: relay.ports.trunk, host: '127.0.0.1' })
        sockets.push(socket)
        await once(socket, 'connect')
        // A trunk that is refused may be reset.
        socket.on('error', () => {})
        socket.write(Buffer.concat([MAGIC, ticket]))
        return { socket, answer: await readUpTo(socket, 1) }
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    }
  }
})
