import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import { randomHalf, randomRelay, randomRoom } from '../../services/shared/registry/registry.contract.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'

const later = 9_999_999_999_999

describe('Records of another version in Redis', () => {
  let redis: RedisServer
  let raw: Redis
  let registry: Registry
  const refused: string[] = []

  before(async () => {
    redis = await startRedis()
    raw = new Redis(redis.url)
    const onUnreadable = (kind: string, fault: string) => refused.push(`${kind} ${fault}`)
    registry = await connectRegistry(redis.url, { onUnreadable })
  })

  after(async () => {
    await registry.close()
    raw.disconnect()
    await redis.stop()
  })

  /** A room with one half in it, as a version writes it that adds fields. */
  async function roomOfLater(half: object) {
    const room = randomRoom()
    const key = `splice65:{${room.digest}}:`
    await raw.hset(key, { first: JSON.stringify(half), 'first.until': later, colour: 'green' })
    return { room, key }
  }

  it('keep the fields that this version does not know, whatever it does with the room', async () => {
    const half = { ...randomHalf(), since: 5 }
    const { room, key } = await roomOfLater(half)
    const second = randomHalf()
    await registry.claim(room, second)
    const claim = await registry.claimActivation(room, 'alice')
    assert.equal(claim.state, 'claimed')
    await registry.settleActivation(room, 'alice', false)
    await registry.release(room, second.id)
    const kept = await raw.hgetall(key)
    assert.deepEqual(JSON.parse(kept.first ?? ''), half)
    assert.equal(kept.colour, 'green')
    await registry.bury(room)
    assert.equal(await raw.hget(key, 'colour'), 'green')
  })

  it('refuse a half of a version that counts up, say so, and are counted', async () => {
    refused.length = 0
    const { room } = await roomOfLater({ ...randomHalf(), v: 2 })
    await assert.rejects(registry.claimActivation(room, 'alice'), {
      code: 'unavailable',
      message: /A half in it is of record version 2; this release reads version 1/,
    })
    assert.deepEqual(refused, ['half version'])
  })

  it('leave a relay out that this version cannot read, and count it; the others are listed', async () => {
    refused.length = 0
    const known = randomRelay('relay-0')
    await registry.announce(known)
    const entry = (record: object | string) =>
      `${later} ${typeof record === 'string' ? record : JSON.stringify(record)}`
    const key = 'splice65:{relays}'
    await raw.hset(
      key,
      'relay-1',
      entry({ ...randomRelay('relay-1'), v: '2.0' }),
      'relay-2',
      entry('{'),
      'relay-3',
      entry({ ...randomRelay('relay-3'), zone: 'b' }),
    )
    assert.deepEqual(
      (await registry.relays()).map(({ name }) => name),
      ['relay-0', 'relay-3'],
    )
    assert.deepEqual(refused.sort(), ['relay malformed', 'relay version'])
  })

  it('list a relay of the version before, which does not say how many halves wait there, and one that does', async () => {
    const [before, now] = [randomRelay('relay-4'), { ...randomRelay('relay-5'), waiting: 7 }]
    await raw.hset('splice65:{relays}', before.name, `${later} ${JSON.stringify(before)}`)
    const listed = await registry.announce(now)
    assert.deepEqual(
      listed.filter(({ name }) => [before.name, now.name].includes(name)),
      [before, now],
    )
  })

  it('are those of this version where they say that they are', async () => {
    const half = randomHalf()
    const { room } = await roomOfLater({ ...half, v: 1 })
    assert.deepEqual(await registry.claimActivation(room, 'alice'), { state: 'waiting', halves: [half] })
  })
})
