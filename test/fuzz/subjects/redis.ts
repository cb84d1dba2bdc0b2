import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { startRedis } from '../../../deploy/local/redis.ts'
import { digestAsTyped } from '../../../services/shared/bytestream/digest.ts'
import { Failure } from '../../../services/shared/bytestream/failure.ts'
import { connectRegistry } from '../../../services/shared/registry/redis.ts'
import type { Choices } from '../choices.ts'
import type { Subject } from '../subject.ts'
import { mutateJson } from './mutated-json.ts'
import { goodHalf, goodRelay } from './records.ts'

/** What somebody else has left in Redis under our keys. */
interface Poisoned {
  readonly key: 'room' | 'directory'
  readonly type: 'hash' | 'string' | 'list' | 'set'
  readonly fields: readonly (readonly [field: string, value: string])[]
}

const room = { digest: digestAsTyped('fuzz', 'a@ex.com/R', 'b@ex.org/T'), streamhost: '' }
const keys = { room: `splice65:{${room.digest}}:`, directory: 'splice65:{relays}' }
const roomFields = [
  'first',
  'first.until',
  'second',
  'second.until',
  'activation',
  'activation.until',
  'tombstone',
  'v',
  'later',
] as const
const ends = ['9999999999999', '0', '-1', '', 'never', '1e300', 'nan', 'inf', '0x10', '9999999999999 '] as const

/** The registry over a real Redis whose contents are anything: each call answers, or throws a failure. */
export async function openRedis(): Promise<Subject<Poisoned>> {
  const server = await startRedis()
  const raw = new Redis(server.url)
  const registry = await connectRegistry(server.url)
  const half = { id: 'h9', relay: 'relay-9', replaceable: false }
  const calls = [
    () => registry.claimActivation(room, 'claimant'),
    () => registry.claim(room, half),
    () => registry.renew(room, half),
    () => registry.release(room, half.id),
    () => registry.settleActivation(room, 'claimant', false),
    () => registry.relays(),
    () => registry.announce(goodRelay),
    () => registry.withdraw('relay-1'),
    () => registry.bury(room),
  ]
  return {
    make: (choices) => ({
      key: choices.pick(['room', 'directory']),
      type: choices.oneIn(5) ? choices.pick(['string', 'list', 'set']) : 'hash',
      fields: Array.from({ length: 1 + choices.below(6) }, () => field(choices)),
    }),
    show: (poisoned) => JSON.stringify(poisoned),
    async check({ key, type, fields }) {
      await raw.del(keys.room, keys.directory)
      const at = keys[key]
      const flat = fields.flat()
      if (type === 'string') await raw.set(at, flat.join())
      else if (type === 'list') await raw.rpush(at, ...flat)
      else if (type === 'set') await raw.sadd(at, ...flat)
      else await raw.hset(at, ...flat)
      for (const call of calls) {
        try {
          const answer = await call()
          if (typeof answer === 'object' && 'state' in answer && answer.state === 'claimed') {
            for (const { id, relay } of answer.halves) assert.deepEqual([typeof id, typeof relay], ['string', 'string'])
          }
        } catch (error) {
          assert.ok(error instanceof Failure, `not a failure: ${error}`)
          assert.ok(error.code === 'unavailable' || error.code === 'taken', error.message)
        }
      }
    },
    async close() {
      await registry.close()
      raw.disconnect()
      await server.stop()
    },
  }
}

function field(choices: Choices): readonly [string, string] {
  if (choices.oneIn(2)) {
    const name = choices.pick(roomFields)
    if (name === 'first' || name === 'second') return [name, mutateJson(goodHalf, choices)]
    return [name, choices.pick(ends)]
  }
  return [choices.pick(['relay-0', 'relay-1', '']), `${choices.pick(ends)} ${mutateJson(goodRelay, choices)}`]
}
