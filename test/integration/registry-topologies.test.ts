import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { startChild } from '../../deploy/local/child.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { portsAccept } from '../../deploy/local/readiness.ts'
import { type RedisServer, startRedis } from '../../deploy/local/redis.ts'
import { connectRegistry } from '../../services/shared/registry/redis.ts'
import {
  halvesIn,
  pairIn,
  randomHalf,
  randomRelay,
  randomRoom,
} from '../../services/shared/registry/registry.contract.ts'
import { createAuthority } from '../support/certificates.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)

describe('connectRegistry() over TLS', () => {
  it('trusts a private authority when it is named, and otherwise no server that it signed', async () => {
    await using folder = temporaryFolder('tls')
    const authority = await createAuthority(folder)
    const files = await authority.issue('redis', { subjectAltName: 'IP:127.0.0.1' })
    const tlsPort = await freePort()
    await using _server = await startRedis({
      args: [
        ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', '--tls-ca-cert-file', authority.file],
        ...['--tls-cert-file', files.tlsCertFile, '--tls-key-file', files.tlsKeyFile],
      ],
    })
    const trusting = await connectRegistry(`rediss://127.0.0.1:${tlsPort}?ca=${authority.file}`)
    const doubting = await connectRegistry(`rediss://127.0.0.1:${tlsPort}`)
    try {
      await pairIn(trusting)
      await assert.rejects(doubting.relays(), { code: 'unavailable' })
    } finally {
      await trusting.close()
      await doubting.close()
    }
    const nowhere = folder.file('nowhere.pem')
    await assert.rejects(connectRegistry(`rediss://127.0.0.1:${tlsPort}?ca=${nowhere}`), { code: 'malformed' })
  })
})

describe('connectRegistry() through Sentinel', () => {
  for (const end of ['SIGKILL', 'SIGSTOP'] as const) {
    it(`follows a failover after ${end} of the master`, async () => {
      await using folder = temporaryFolder('sentinel')
      await using master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
      await using replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
      await until('the replica is in step', () =>
        ask(master, async (raw) => (await raw.info('replication')).includes('state=online')),
      )

      const sentinelPort = await freePort()
      await writeFile(
        folder.file('sentinel.conf'),
        [
          `port ${sentinelPort}`,
          'bind 127.0.0.1',
          `dir ${folder.path}`,
          `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
          'sentinel down-after-milliseconds mymaster 500',
          'sentinel failover-timeout mymaster 2000',
        ].join('\n'),
      )
      const sentinel = await startChild({
        name: 'Sentinel',
        command: 'redis-server',
        args: [folder.file('sentinel.conf'), '--sentinel'],
        logFile: folder.file('sentinel.log'),
        ready: portsAccept([sentinelPort]),
      })
      const registry = await connectRegistry(`redis+sentinel://127.0.0.1:${sentinelPort}/mymaster?db=1`)
      let returns = 0
      registry.onReturn(() => returns++)
      try {
        const { room, first, second } = await pairIn(registry)
        await sentinel.waitForLine((line) => line.includes('+slave '))
        master.kill(end)
        await until('the registry has noticed', () =>
          registry.relays().then(
            () => false,
            () => true,
          ),
        )
        await until('the replica has taken over', () => returns > 0, { timeoutMs: 30_000 })
        assert.equal(await registry.renew(room, first), true)
        assert.equal(await registry.renew(room, second), true)
        assert.deepEqual(await halvesIn(registry, room), [first, second])
        const held = await ask(replica, async (raw) => {
          await raw.select(1)
          return raw.exists(`splice65:{${room.digest}}:`)
        })
        assert.equal(held, 1)
      } finally {
        await registry.close()
        await sentinel.stop()
      }
    })
  }
})

describe('connectRegistry() without any Sentinel', () => {
  it('starts, says so, and fails every call', async () => {
    const { log, lines } = recordingLog()
    const url = 'redis+sentinel://127.0.0.1:1/mymaster'
    const registry = await connectRegistry(url, { log }, { commandTimeoutMs: 100 })
    await assert.rejects(registry.relays(), { code: 'unavailable' })
    assert.deepEqual(lines, ['warn registry cannot be reached'])
    await registry.close()
  })
})

describe('connectRegistry() to a replica', () => {
  it('connects anew when it is told READONLY', async () => {
    await using master = await startRedis()
    await using server = await startRedis()
    const registry = await connectRegistry(server.url)
    const raw = new Redis(server.url)
    try {
      await pairIn(registry)
      const returned = new Promise<void>((resolve) => registry.onReturn(resolve))
      await raw.replicaof('127.0.0.1', master.port)
      await assert.rejects(registry.claim(randomRoom(), randomHalf()), { code: 'unavailable' })
      await returned
      await raw.replicaof('NO', 'ONE')
      await until('it can be written to', () =>
        registry.claim(randomRoom(), randomHalf()).then(
          () => true,
          () => false,
        ),
      )
    } finally {
      raw.disconnect()
      await registry.close()
    }
  })
})

describe('connectRegistry() to a Cluster', () => {
  it('spreads rooms over its masters, and tells when a lost one is back', async () => {
    await using stack = new AsyncDisposableStack()
    const masters: RedisServer[] = []
    for (let count = 0; count < 3; count++) {
      const folder = stack.use(temporaryFolder('cluster'))
      const args = ['--cluster-enabled', 'yes', '--cluster-config-file', folder.file('nodes.conf')]
      // A node talks to the others on a second port.
      const port = await freePort({ highest: 20_000, secondAbove: 10_000 })
      masters.push(stack.use(await startRedis({ port, args: [...args, '--cluster-node-timeout', '2000'] })))
    }
    const hosts = masters.map((master) => `127.0.0.1:${master.port}`)
    await run('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes'])
    for (const master of masters) await until('the node agrees that the Cluster is up', () => knowsClusterUp(master))

    const registry = await connectRegistry(`redis+cluster://${hosts.slice(0, 2).join(',')}`)
    let returns = 0
    registry.onReturn(() => returns++)
    try {
      const pairs = await Promise.all(Array.from({ length: 30 }, () => pairIn(registry)))
      await registry.announce(randomRelay('relay-0'))
      assert.deepEqual(await registry.relays(), [randomRelay('relay-0')])
      for (const master of masters) assert.ok((await ask(master, (raw) => raw.dbsize())) > 0)
      assert.equal(returns, 0)

      const [, , lost] = masters
      assert.ok(lost)
      lost.kill()
      await lost.exited
      const renewAll = () => Promise.allSettled(pairs.map(({ room, first }) => registry.renew(room, first)))
      const settled = await renewAll()
      const failures = settled.filter((result) => result.status === 'rejected').map((result) => result.reason.code)
      assert.ok(failures.length > 0)
      assert.deepEqual(new Set(failures), new Set(['unavailable']))
      assert.equal(returns, 0)

      await lost.restart()
      await until('the registry has returned', () => returns === 1, { timeoutMs: 30_000 })
      await until('every room can be renewed', async () => {
        return (await renewAll()).every((result) => result.status === 'fulfilled')
      })
      for (const { room, first } of pairs) {
        assert.ok((await halvesIn(registry, room)).some((half) => half.id === first.id))
      }
    } finally {
      await registry.close()
    }
  })
})

async function knowsClusterUp(server: RedisServer): Promise<boolean> {
  return ask(server, async (raw) => String(await raw.cluster('INFO')).includes('cluster_state:ok'))
}

/** Asks one server directly. */
async function ask<T>(server: RedisServer, question: (raw: Redis) => Promise<T>): Promise<T> {
  const raw = new Redis(server.url)
  try {
    return await question(raw)
  } finally {
    raw.disconnect()
  }
}
