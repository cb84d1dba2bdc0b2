import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../../deploy/local/redis.ts'
import { startFaultProxy } from '../../support/fault-proxy/fault-proxy.ts'
import { until } from '../../support/until.ts'
import type { Welcome } from '../caller.ts'
import type { Expectation, Family, Fault, Phase, Play, Seen } from '../case.ts'
import { activated, welcomesOf } from '../plays.ts'
import { watchFor } from '../sign.ts'
import type { Bytestream, Stage, StagedRelay } from '../stage.ts'

const away = { by: 'relay', log: 'registry cannot be reached' } as const
/** So far behind is a replica that lags. */
const lagMs = 1_000
/** So many bytestreams register around a failover, in batches. */
const crowd = 300
const batch = 25
const batchMs = 50
/** So many of them are activated at a time: a requester has a share of control. */
const atOnce = 10
const roomKey = /^splice65:\{[0-9a-f]{40}\}:/
const refuses = { by: 'relay', counts: 'splice65_registry_request_duration_seconds_count{outcome="error"}' } as const

/** Redis in every kind of trouble. Relays are the truth about halves, so no phase may notice. */
export const redisFaults: Family = {
  name: 'redis',
  about:
    'Redis is an index: relays take halves by what they hold themselves, control asks the relays, and what waits is ' +
    'registered again when Redis is back. Running bytestreams never touch it.',
  faults: [
    unnoticed('killed', {
      operator: away,
      heals: 'relays register what they hold as soon as it is back',
      async strike({ fleet }) {
        fleet.redis.kill()
        await fleet.redis.exited
      },
      heal: ({ fleet }) => fleet.redis.restart(),
    }),
    unnoticed('flushed', {
      operator: 'nothing',
      heals: 'relays register what they hold at the next renewal',
      strike: async (stage) => void (await ask(stage, (raw) => raw.flushall())),
    }),
    unnoticed('restarted empty', {
      operator: away,
      heals: 'relays register what they hold as soon as it is back',
      strike: ({ fleet }) => fleet.redis.restart(),
    }),
    unnoticed('slow', {
      operator: refuses,
      heals: 'calls fail at their deadline of 500 ms until it answers in time',
      async strike({ redis }) {
        redis.add({ type: 'latency', latencyMs: 2_000, jitterMs: 100 })
      },
      heal: async ({ redis }) => redis.clear(),
    }),
    unnoticed('hung', {
      operator: refuses,
      heals: 'connections that are silent for 500 ms are replaced until one answers',
      async strike({ fleet }) {
        fleet.redis.kill('SIGSTOP')
      },
      async heal({ fleet }) {
        fleet.redis.kill('SIGCONT')
      },
    }),
    unnoticed('unreachable', {
      operator: away,
      heals: 'clients connect again, with a backoff of at most 2 s',
      strike: ({ redis }) => redis.down(),
      heal: ({ redis }) => redis.up(),
    }),
    unnoticed('failed over', {
      operator: away,
      heals: 'the promoted replica has what it was sent; relays register the rest',
      prepare: (stage) => replicate(stage, stage.fleet.redis.port),
      strike: async (stage) => leadTo(stage, await promote(stage)),
    }),
    {
      fault: 'failed over to a replica that lags',
      async prepare(stage) {
        const link = await startFaultProxy({ host: '127.0.0.1', port: stage.fleet.redis.port })
        stage.afterwards(() => link.stop())
        await replicate(stage, link.address.port)
        link.add({ type: 'latency', latencyMs: lagMs })
      },
      async strike(stage) {
        const registered = await registeredHalves(stage.fleet.redis)
        const replica = await promote(stage)
        if ((await registeredHalves(replica)) >= registered)
          throw new Error('It does not lag: the replica lacks nothing')
        leadTo(stage, replica)
      },
      at: {
        handshake: {
          clients: 'accepted, registered, joined, exact',
          operator: away,
          heals: 'relays register what they hold as soon as they reach the promoted one, what it has lost too',
          play: manyRegister,
        },
      },
    },
    unnoticed('demoted to a replica', {
      operator: refuses,
      heals: 'a client that is answered READONLY connects anew, to whoever is the master then',
      strike: async (stage) => void (await ask(stage, (raw) => raw.call('replicaof', '127.0.0.1', '1'))),
      heal: async (stage) => void (await ask(stage, (raw) => raw.call('replicaof', 'no', 'one'))),
    }),
    unnoticed('out of memory, noeviction', {
      operator: refuses,
      heals: 'writes are refused until there is room; then relays register what they hold',
      strike: (stage) => limitMemory(stage, 'noeviction'),
      heal: unlimitMemory,
    }),
    ...['allkeys-lru', 'volatile-ttl'].map((policy) =>
      unnoticed(`out of memory, ${policy}`, {
        operator: 'nothing',
        heals: 'keys that were evicted are written again at the next renewal',
        strike: (stage) => limitMemory(stage, policy),
        heal: unlimitMemory,
      }),
    ),
    unnoticed('of wrong types', {
      operator: refuses,
      heals: 'by whoever removes what is not ours; relays then register what they hold',
      strike: (stage) =>
        ask(stage, async (raw) => {
          for (const key of await raw.keys('splice65:*')) await raw.set(key, 'not a hash', 'PX', 5_000)
          await raw.set('splice65:{relays}', 'not a hash')
        }),
      heal: (stage) =>
        ask(stage, async (raw) => {
          for (const key of await raw.keys('splice65:*')) {
            if ((await raw.type(key)) === 'string') await raw.del(key)
          }
        }),
    }),
    {
      fault: 'split in two',
      async prepare(stage) {
        const other = await startRedis()
        const between = await startFaultProxy({ host: '127.0.0.1', port: stage.fleet.redis.port })
        stage.afterwards(async () => {
          await stage.recast('holder', {})
          await between.stop()
          await other.stop()
        })
        await stage.recast('holder', { registryUrl: `redis://127.0.0.1:${between.address.port}` })
        await stage.known()
        between.leadTo({ host: '127.0.0.1', port: other.port })
      },
      strike: async () => {},
      at: {
        waiting: {
          clients: 'joined, exact',
          operator: {
            by: 'control',
            counts: 'splice65_rpc_request_duration_seconds_count{method="findHalves",outcome="ok"}',
          },
          heals: 'control asks the relays it knows, on whichever side their halves are registered',
        },
      },
    },
  ],
}

/** A fault that costs no bytestream anything, at no phase. */
function unnoticed(
  fault: string,
  terms: Pick<Fault, 'prepare' | 'strike' | 'heal'> & Pick<Expectation, 'operator' | 'heals'>,
): Fault {
  const { operator, heals, prepare, strike, heal } = terms
  const accepted = { clients: 'accepted, joined, exact', operator, heals }
  const joined = { clients: 'joined, exact', operator, heals }
  const at: Record<Phase, Expectation> = {
    handshake: accepted,
    waiting: joined,
    handoff: joined,
    transfer: { clients: 'exact', operator, heals },
  }
  return {
    fault,
    async strike(stage) {
      // It lasts until the services have met it.
      const met = await watchFor(operator, (service) => stage.witnesses(service))
      await strike(stage)
      await met()
    },
    ...(prepare && { prepare }),
    ...(heal && { heal }),
    at,
  }
}

const replicas = new WeakMap<Stage, RedisServer>()

/** Gives Redis a replica that reaches it at this port, and waits until that is in step. */
async function replicate(stage: Stage, port: number): Promise<void> {
  const { fleet } = stage
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(port)] })
  replicas.set(stage, replica)
  stage.afterwards(async () => {
    leadTo(stage, fleet.redis)
    await fleet.redis.restart()
    await replica.stop()
  })
  await until('the replica is in step', () =>
    ask({ fleet: { redis: replica } }, async (raw) => /master_link_status:up/.test(await raw.info('replication'))),
  )
}

/** Kills Redis, and makes its replica the master. */
async function promote(stage: Stage): Promise<RedisServer> {
  const replica = replicas.get(stage)
  if (!replica) throw new Error('Cannot fail over: there is no replica')
  stage.fleet.redis.kill()
  await ask({ fleet: { redis: replica } }, (raw) => raw.call('replicaof', 'no', 'one'))
  return replica
}

/** Whoever asks for Redis reaches this one from now on. */
function leadTo({ redis }: Stage, { port }: RedisServer): void {
  redis.leadTo({ host: '127.0.0.1', port })
}

/** Many bytestreams register, and the fault strikes when half of them have begun to: all are joined with their own half. */
async function manyRegister(...[stage, act]: Parameters<Play>): ReturnType<Play> {
  using opened = new DisposableStack()
  const bytestreams = Array.from({ length: crowd }, () => opened.use(stage.agree()))
  const entering: Promise<Welcome[]>[] = []
  let striking: Promise<void> | undefined
  for (const [at, bytestream] of bytestreams.entries()) {
    if (at === crowd / 2) striking = act.strike()
    entering.push(Promise.all([stage.owner, stage.holder].map((relay) => enter(bytestream, relay))))
    if (at % batch === 0) await delay(batchMs)
  }
  const welcomes = (await Promise.all(entering)).flat()
  await striking
  const replica = replicas.get(stage)
  if (!replica) throw new Error('Cannot look for halves: there is no replica')
  await until('every half is registered', async () => (await registeredHalves(replica)) === 2 * crowd)
  const ends: Seen[] = []
  for (let at = 0; at < crowd; at += atOnce) {
    const some = bytestreams.slice(at, at + atOnce)
    ends.push(...(await Promise.all(some.map((bytestream) => activated(stage, act, bytestream)))))
  }
  return {
    clients: [welcomesOf(welcomes), 'registered', ...new Set(ends.map(({ clients }) => clients))].join(', '),
    lostBytes: ends.reduce((sum, { lostBytes }) => sum + lostBytes, 0),
  }
}

async function enter(bytestream: Bytestream, relay: StagedRelay): Promise<Welcome> {
  return (await bytestream.greet(relay)).name(bytestream.digest)
}

/** How many halves of all rooms this Redis has. */
async function registeredHalves(redis: RedisServer): Promise<number> {
  return ask({ fleet: { redis } }, async (raw) => {
    const rooms = (await raw.keys('splice65:*')).filter((key) => roomKey.test(key))
    const slots = await Promise.all(rooms.map((room) => raw.hmget(room, 'first', 'second')))
    return slots.flat().filter((half) => half !== null).length
  })
}

/** Asks Redis past the proxy. */
async function ask<T>(
  { fleet }: { readonly fleet: { readonly redis: { readonly url: string } } },
  question: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = new Redis(fleet.redis.url)
  try {
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}

async function limitMemory(stage: Stage, policy: string): Promise<void> {
  await ask(stage, async (raw) => {
    await raw.config('SET', 'maxmemory-policy', policy)
    await raw.config('SET', 'maxmemory', '1')
  })
}

async function unlimitMemory(stage: Stage): Promise<void> {
  await ask(stage, (raw) => raw.config('SET', 'maxmemory', '0'))
}
