import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import { Activator } from '../../services/control/bytestreams/activator.ts'
import { Permits } from '../../services/control/bytestreams/permits.ts'
import { type Directory, openDirectory } from '../../services/control/directory.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import type { Room } from '../../services/shared/bytestream/room.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import { systemClock as clock } from '../../services/shared/runtime/clock.ts'
import { startRelays, type TestRelays } from '../support/relays.ts'
import { type ClientHalf, dialHalf } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

const requester = 'a@ex.com/R'
const target = 'b@ex.org/T'

const events = { settlementFailed: (_room: Room, error: unknown) => assert.fail(String(error)) }

describe('control with two relays and a Redis', () => {
  let redis: RedisServer
  let registry: Registry
  let relays: TestRelays
  let directory: Directory
  let activator: Activator
  const open: ClientHalf[] = []
  let count = 0

  before(async () => {
    redis = await startRedis()
    registry = await connectRegistry(redis.url)
    relays = await startRelays(2, {}, { registry })
    directory = await openDirectory({ registry, clock }, { directoryRefreshMs: 50, directoryMemoryMs: 60_000 })
    await until('control knows both relays', () => directory.alive().length === 2)
    activator = new Activator(
      { registry, directory, relays: relays.clients, permits: new Permits({ clock }, 8), clock, events },
      { overtakeMs: 2_000, activationTimeoutMs: 4_500, findHalvesTimeoutMs: 1_000 },
    )
  })

  after(async () => {
    for (const { socket } of open) socket.destroy()
    await directory.stop()
    await relays[Symbol.asyncDispose]()
    await registry.close()
    await redis.stop()
  })

  function newRoom(): Room {
    count += 1
    return { digest: digestAsTyped(`s${count}`, requester, target), streamhost: '' }
  }

  async function dial(room: Room, relay: 0 | 1): Promise<ClientHalf> {
    const half = await dialHalf(relays.relay(relay).ports.socks[''] ?? 0, room.digest)
    open.push(half)
    assert.equal(half.rep, 0)
    return half
  }

  const activate = async (room: Room) => {
    const { outcome } = await activator.activate({ rooms: [room], requester, target })
    return outcome
  }

  async function carries(from: ClientHalf, to: ClientHalf): Promise<void> {
    from.socket.write('hello')
    await once(to.socket, 'readable')
    assert.equal(String(to.socket.read()), 'hello')
  }

  for (const [relay, where] of [
    [0, 'on one relay'],
    [1, 'on two relays'],
  ] as const) {
    it(`activates two halves ${where}, and says so again`, async () => {
      const room = newRoom()
      const [first, second] = [await dial(room, 0), await dial(room, relay)]
      assert.equal(await activate(room), 'joined')
      await carries(first, second)
      await carries(second, first)
      assert.equal(await activate(room), 'repeated')
    })

    it(`activates two halves ${where} that a flush has wiped from Redis`, async () => {
      const room = newRoom()
      const [first, second] = [await dial(room, 0), await dial(room, relay)]
      await flush()
      assert.equal(await activate(room), 'joined')
      await carries(first, second)
    })

    it(`activates two halves ${where} while Redis is away`, async () => {
      const room = newRoom()
      const [first, second] = [await dial(room, 0), await dial(room, relay)]
      redis.kill()
      await redis.exited
      try {
        assert.equal(await activate(room), 'joined')
        assert.equal(await activate(room), 'repeated')
        await carries(first, second)
      } finally {
        await redis.restart()
        await until('Redis answers again', () =>
          registry.relays().then(
            () => true,
            () => false,
          ),
        )
      }
    })
  }

  it('activates when the second half comes after the activation', async () => {
    const room = newRoom()
    const first = await dial(room, 0)
    const activated = activate(room)
    const second = await dial(room, 1)
    assert.equal(await activated, 'joined')
    await carries(first, second)
  })

  it('tells no half from one half', async () => {
    const code = (expected: string) => (error: unknown) => error instanceof Failure && error.code === expected
    const room = newRoom()
    await assert.rejects(activate(room), code('not-found'))
    await dial(room, 0)
    await assert.rejects(activate(room), code('not-ready'))
  })

  async function flush(): Promise<void> {
    const raw = new Redis(redis.url)
    await raw.flushall()
    raw.disconnect()
  }
})
