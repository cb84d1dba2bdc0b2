import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { openRelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { openTlsIdentity } from '../../services/shared/runtime/tls-identity.ts'
import { type Authority, type CertificateFiles, createAuthority } from '../support/certificates.ts'
import { openDescriptors } from '../support/descriptors.ts'
import { recordingLog } from '../support/recording-log.ts'
import { startRelayProcess } from '../support/relay-process.ts'
import { activate, freshDigest, startRelays, type TestRelay, type TestRelays } from '../support/relays.ts'
import { closed, connectRequest, dialHalf, greeting, readToEnd, readUpTo } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

describe('Bytestreams between relays whose trunks are inside TLS', () => {
  let folder: Folder
  let authority: Authority
  let files: CertificateFiles
  let relays: TestRelays

  before(async () => {
    folder = temporaryFolder('trunk-tls')
    authority = await createAuthority(folder)
    files = await authority.issue('relay')
    relays = await startRelays(2, { engine: 'splice', trunkTls: true, ...files })
  })
  after(async () => {
    await relays[Symbol.asyncDispose]()
    await folder.remove()
  })

  const dial = async (relay: TestRelay, digest: Digest): Promise<Socket> => {
    const { socket, rep } = await dialHalf(relay.ports.socks[''] ?? 0, digest)
    assert.equal(rep, 0)
    return socket
  }

  /** Two clients, on one relay each. */
  async function waiting(of = relays): Promise<{ digest: Digest; first: Socket; second: Socket }> {
    const digest = freshDigest()
    return { digest, first: await dial(of.relay(0), digest), second: await dial(of.relay(1), digest) }
  }

  async function joined(of = relays): Promise<{ first: Socket; second: Socket }> {
    const { digest, first, second } = await waiting(of)
    assert.equal(await activate(of, digest), 'PATH_HANDOFF')
    return { first, second }
  }

  async function carries({ first, second }: { first: Socket; second: Socket }, bytes = 300_000): Promise<void> {
    const sent = [randomBytes(bytes), randomBytes(bytes)] as const
    first.end(sent[0])
    second.end(sent[1])
    const [atSecond, atFirst] = await Promise.all([readToEnd(second), readToEnd(first)])
    assert.ok(atSecond.equals(sent[0]))
    assert.ok(atFirst.equals(sent[1]))
  }

  it('carry what came with the handshake, what came early and what came after, in this order', async () => {
    const digest = freshDigest()
    const first = connect({ port: relays.relay(0).ports.socks[''] ?? 0, host: '127.0.0.1', allowHalfOpen: true })
    first.write(Buffer.concat([greeting, connectRequest(digest), Buffer.from('with ')]))
    await readUpTo(first, 49)
    const second = await dial(relays.relay(1), digest)
    first.write('early ')
    await activate(relays, digest)
    first.end('after')
    assert.equal((await readToEnd(second)).toString(), 'with early after')
    second.end('and back')
    assert.equal((await readToEnd(first)).toString(), 'and back')
  })

  it('carry both directions at once, many at a time', async () => {
    const pairs = await Promise.all(Array.from({ length: 12 }, () => joined()))
    await Promise.all(pairs.map((pair) => carries(pair, 2_000_000)))
  })

  it('deliver every byte without a FIN behind it', async () => {
    const { first, second } = await joined()
    for (const size of [1, 2, 1_447, 16_383, 16_384, 16_385, 65_535, 65_536, 200_000]) {
      const bytes = randomBytes(size)
      first.write(bytes)
      assert.ok((await readUpTo(second, size)).equals(bytes), `${size} bytes`)
    }
    first.resetAndDestroy()
    assert.equal(await closed(second), 'ECONNRESET')
  })

  it('keep to their rate', async () => {
    await using slow = await startRelays(2, { trunkTls: true, streamRateBytes: 1_000_000, ...files })
    const pair = await joined(slow)
    const startedAt = performance.now()
    await carries(pair, 250_000)
    // Half a second of bytes, less a burst; slower is the machine's affair.
    assert.ok(performance.now() - startedAt > 300)
  })

  it('are ended when a receiver takes nothing, or nobody says anything, for too long', async () => {
    const limits = { stallTimeoutMs: 300, idleTimeoutMs: 1_500 }
    await using strict = await startRelays(2, { trunkTls: true, ...limits, ...files })
    const [stalled, idle] = [await joined(strict), await joined(strict)]
    stalled.first.write(Buffer.alloc(80_000_000))
    assert.deepEqual(await Promise.all([closed(stalled.first), closed(idle.first), closed(idle.second)]), [
      'ECONNRESET',
      'ECONNRESET',
      'ECONNRESET',
    ])
    const reasons = () =>
      strict.relays.flatMap(({ lines }) => lines.map(({ reason }) => reason)).filter((it) => it !== 'finished')
    await until('both are told', () => ['stalled', 'idle'].every((reason) => reasons().includes(reason)))
  })

  it('leave every descriptor as it was, however they end', async () => {
    const ends: ((pair: { first: Socket; second: Socket }) => Promise<unknown>)[] = [
      (pair) => carries(pair),
      async ({ first, second }) => {
        first.resetAndDestroy()
        await closed(second)
      },
      async ({ first, second }) => {
        second.resetAndDestroy()
        await closed(first)
      },
      async ({ first, second }) => {
        first.write(Buffer.alloc(16_000_000))
        await once(second, 'readable')
        second.resetAndDestroy()
        await closed(first)
      },
      async ({ first, second }) => {
        first.end('x')
        await readToEnd(second)
        second.resetAndDestroy()
        await closed(first)
      },
    ]
    const live = () => Promise.all(Array.from({ length: 20 }, async (_, i) => ends[i % ends.length]?.(await joined())))
    const settled = async () => {
      await until('all have ended', async () => {
        const active = relays.relays.map((relay) => relay.sample('splice65_bytestreams_active'))
        return (await Promise.all(active)).every((count) => count === 0)
      })
      return openDescriptors().get('socket')
    }
    await live()
    const before = await settled()
    for (let round = 0; round < 5; round++) await live()
    await until('every socket is closed', async () => (await settled()) === before)
  })

  it('go over to another authority when the files are replaced, and those that run go on', async () => {
    await using mine = temporaryFolder('renewal')
    const [old, next] = [await createAuthority(mine, 'old'), await createAuthority(mine, 'next')]
    const shown = await old.issue('shown')
    using identity = openTlsIdentity('relay', shown, { log: recordingLog().log, refreshMs: 5 })
    assert.ok(identity)
    await using renewed = await startRelays(2, { trunkTls: true, ...shown }, { identity })
    const running = await joined(renewed)

    const renewal = await next.issue('renewal')
    await copyFile(next.file, shown.tlsCaFile)
    await copyFile(renewal.tlsCertFile, shown.tlsCertFile)
    await copyFile(renewal.tlsKeyFile, shown.tlsKeyFile)
    // The authority is taken up by itself where somebody looks in between.
    const [ca, cert] = await Promise.all([readFile(next.file), readFile(renewal.tlsCertFile)])
    await until('they are taken up', () => ca.equals(identity.current.ca) && cert.equals(identity.current.cert))

    await carries(running)
    const clients = openRelayClients({ identity })
    const { digest, first, second } = await waiting(renewed)
    assert.equal(await activate({ relays: renewed.relays, clients }, digest), 'PATH_HANDOFF')
    await carries({ first, second })
    clients.close()
  })

  it('come to nothing where only one relay uses TLS, and both halves wait on', async () => {
    const registry = createMemoryRegistry()
    for (const [dials, listens] of [
      [true, false],
      [false, true],
    ] as const) {
      const options = { ticketTimeoutMs: 200, ...files }
      await using one = await startRelays(1, { ...options, pod: 'relay-0', trunkTls: dials }, { registry })
      await using other = await startRelays(1, { ...options, pod: 'relay-1', trunkTls: listens }, { registry })
      const both = [one.relay(0), other.relay(0)]
      const digest = freshDigest()
      const [first, second] = [await dial(one.relay(0), digest), await dial(other.relay(0), digest)]
      await assert.rejects(
        activate({ relays: both, clients: one.clients }, digest),
        (error) => error instanceof Failure && error.code === 'unavailable',
      )
      const told = both.flatMap(({ lines }) => lines.filter(({ level }) => level === 'warn'))
      assert.match(JSON.stringify(told), /is RELAY_TRUNK_TLS the same on both relays\?/)
      for (const relay of both) {
        await until('the half waits', async () => {
          const room = { digest, streamhost: '' }
          return (await one.clients.at(relay.rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })).halves.length === 1
        })
      }
      for (const socket of [first, second]) socket.destroy()
    }
    await registry.close()
  })

  it('are reset on both sides when a relay is killed, never ended', async () => {
    const pod = 'relay-9'
    const variables = {
      RELAY_POD: pod,
      RELAY_REGISTRY_URL: 'memory:',
      RELAY_TRUNK_TLS: 'true',
      RELAY_TLS_CERT_FILE: files.tlsCertFile,
      RELAY_TLS_KEY_FILE: files.tlsKeyFile,
      RELAY_TLS_CA_FILE: files.tlsCaFile,
    }
    for (const killedIsOwner of [true, false]) {
      await using victim = await startRelayProcess(variables)
      const digest = freshDigest()
      const theirs = await dialHalf(victim.socksPort, digest)
      const ours = await dial(relays.relay(0), digest)
      const both = [relays.relay(0), { name: pod, rpcAddress: victim.rpcAddress }]
      await activate({ relays: killedIsOwner ? both.reverse() : both, clients: relays.clients }, digest)
      theirs.socket.write('x')
      assert.equal((await readUpTo(ours, 1)).toString(), 'x')
      const ends = Promise.all([closed(theirs.socket), closed(ours)])
      victim.service.kill('SIGKILL')
      assert.deepEqual(await ends, ['ECONNRESET', 'ECONNRESET'])
    }
  })
})

describe('A relay with RELAY_TRUNK_TLS', () => {
  it('does not start without an identity, and names what it needs', async () => {
    await assert.rejects(startRelays(1, { trunkTls: true }), {
      code: 'malformed',
      message: 'RELAY_TRUNK_TLS needs RELAY_TLS_CERT_FILE, RELAY_TLS_KEY_FILE and RELAY_TLS_CA_FILE',
    })
  })
})
