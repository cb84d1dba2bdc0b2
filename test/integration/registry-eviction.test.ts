import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
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

beforeEach(() => limitMemory('0', 'noeviction'))

async function limitMemory(maxmemory: string, policy: string): Promise<void> {
  await raw.config('SET', 'maxmemory', maxmemory)
  await raw.config('SET', 'maxmemory-policy', policy)
}

/** Connects, and says what was logged when Redis had answered all that was asked before. */
async function logged(url = redis.url): Promise<string[]> {
  const { log, lines } = recordingLog()
  const registry = await connectRegistry(url, { log })
  for (const _again of [1, 2]) await registry.relays()
  await registry.close()
  return lines
}

const quiet = 'info registry can be reached'
const warning =
  'warn Redis drops records of the registry when it is full; set maxmemory-policy noeviction, and give it room'

describe('connectRegistry() to a Redis with a bound on its memory', () => {
  it('warns where records may be dropped', async () => {
    await limitMemory('64mb', 'volatile-lru')
    assert.deepEqual(await logged(), [quiet, warning])
  })

  it('says nothing where none are', async () => {
    assert.deepEqual(await logged(), [quiet])
    await limitMemory('0', 'allkeys-lru')
    assert.deepEqual(await logged(), [quiet])
    await limitMemory('64mb', 'noeviction')
    assert.deepEqual(await logged(), [quiet])
  })

  it('takes one that does not let it ask as it is', async () => {
    await limitMemory('64mb', 'volatile-lru')
    await raw.call('ACL', 'SETUSER', 'modest', 'on', '>secret', '~*', '+@all', '-info')
    assert.deepEqual(await logged(redis.url.replace('redis://', 'redis://modest:secret@')), [quiet])
  })

  it('says it once, and again of another policy, when it is reached again', async () => {
    await limitMemory('64mb', 'volatile-lru')
    const { log, lines } = recordingLog()
    const registry = await connectRegistry(redis.url, { log })
    const warnings = () => lines.filter((line) => line === warning).length
    const returns = () => lines.filter((line) => line === 'info registry can be reached again').length
    await until('it has warned', () => warnings() === 1)
    for (const [again, policy] of ['volatile-lru', 'allkeys-lru'].entries()) {
      await limitMemory('64mb', policy)
      await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await until('it is back', () => returns() === again + 1)
      for (const _again of [1, 2]) await registry.relays()
      assert.equal(warnings(), again + 1)
    }
    await registry.close()
  })
})
