import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { type CertificateFiles, createAuthority } from '../../test/support/certificates.ts'
import { activate, freshDigest, startRelays, type TestRelays } from '../../test/support/relays.ts'
import { closed, connectRequest, dialHalf, greeting, readToEnd, readUpTo } from '../../test/support/socks-client.ts'
import { until } from '../../test/support/until.ts'
import type { Digest } from '../shared/bytestream/digest.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { MOST_STRANGERS } from './limits/strangers.ts'

/** Two relays, and which of them the first and the second half dial. */
const placements = [
  { where: 'on one relay', ports: [0, 0], path: 'PATH_LOCAL' },
  { where: 'across two relays', ports: [0, 1], path: 'PATH_HANDOFF' },
] as const

async function dialPair(
  relays: TestRelays,
  digest: Digest,
  ports: readonly [number, number],
): Promise<[Socket, Socket]> {
  const sockets: Socket[] = []
  for (const index of ports) {
    const { socket, rep } = await dialHalf(portOf(relays, index), digest)
    assert.equal(rep, 0)
    sockets.push(socket)
  }
  await until('both halves wait', async () => (await waiting(relays)) === 2)
  return sockets as [Socket, Socket]
}

const portOf = (relays: TestRelays, index: number): number => relays.relay(index).ports.socks[''] ?? 0

async function waiting(relays: TestRelays): Promise<number> {
  const counts = await Promise.all(relays.relays.map((relay) => relay.sample('splice65_half_connections_waiting')))
  return counts.reduce((sum, count) => sum + count, 0)
}

const engines = ['splice', 'stream'] as const
const runs = engines.flatMap((engine) => [
  ...placements.map((placement) => ({ engine, trunkTls: false, ...placement })),
  { engine, trunkTls: true, where: 'across two relays inside TLS', ports: [0, 1], path: 'PATH_HANDOFF' } as const,
])

for (const { engine, trunkTls, where, ports, path } of runs) {
  describe(`A bytestream ${where}, by ${engine}`, () => {
    let files: CertificateFiles | undefined
    const options = () => ({ engine, trunkTls, ...files })

    if (trunkTls) {
      const folder = temporaryFolder('trunk')
      before(async () => {
        files = await (await createAuthority(folder)).issue('relay')
      })
      after(() => folder.remove())
    }

    it('carries both directions to the byte, with early bytes first and the reply after the FIN', async () => {
      await using relays = await startRelays(2, options())
      const digest = freshDigest()
      const [first, second] = await dialPair(relays, digest, ports)
      const request = randomBytes(5_000_000)
      const answer = randomBytes(3_000_000)
      first.write(request.subarray(0, 1_000))
      second.write(answer.subarray(0, 2_000))
      assert.equal(await activate(relays, digest), path)
      first.end(request.subarray(1_000))
      assert.ok((await readToEnd(second)).equals(request))
      second.end(answer.subarray(2_000))
      assert.ok((await readToEnd(first)).equals(answer))
      const [owner] = relays.relays
      await until('its end is told', () => owner.lines.some((line) => line.msg === 'bytestream ended'))
      const told = owner.lines.find((line) => line.msg === 'bytestream ended')
      assert.deepEqual(
        [told?.level, told?.outcome, told?.reason, told?.bytesFromFirst, told?.bytesFromSecond],
        ['info', 'completed', 'finished', request.length, answer.length],
      )
      assert.deepEqual(
        [told?.requester, told?.target, told?.digest],
        ['alice@example.test', 'bob@example.test', digest.slice(0, 12)],
      )
      assert.equal(await owner.sample('splice65_relayed_bytes_total', { half: 'first' }), request.length)
      assert.equal(await owner.sample('splice65_relayed_bytes_total', { half: 'second' }), answer.length)
    })

    it('keeps the second half’s direction open when the first finishes, and the other way round', async () => {
      await using relays = await startRelays(2, options())
      for (const order of [0, 1]) {
        const digest = freshDigest()
        const pair = await dialPair(relays, digest, ports)
        const [early, late] = order === 0 ? pair : [pair[1], pair[0]]
        await activate(relays, digest)
        early.end('question')
        assert.equal((await readToEnd(late)).toString(), 'question')
        late.end('answer')
        assert.equal((await readToEnd(early)).toString(), 'answer')
      }
    })

    it('resets the other side when one side resets', async () => {
      await using relays = await startRelays(2, options())
      const digest = freshDigest()
      const [first, second] = await dialPair(relays, digest, ports)
      await activate(relays, digest)
      first.write('x')
      assert.equal((await readUpTo(second, 1)).toString(), 'x')
      const end = closed(second)
      first.resetAndDestroy()
      assert.equal(await end, 'ECONNRESET')
      const [owner] = relays.relays
      await until('its end is told', () =>
        owner.lines.some((line) => line.reason === 'reset' && line.outcome === 'aborted'),
      )
    })

    it('succeeds again when the activation is repeated, while it runs and after its end', async () => {
      await using relays = await startRelays(2, options())
      const { clients } = relays
      const digest = freshDigest()
      const [first, second] = await dialPair(relays, digest, ports)
      const room = { digest, streamhost: '' }
      const halves = await Promise.all(
        relays.relays.map(async ({ name: relay, rpcAddress }) => {
          const found = await clients.at(rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })
          return found.halves.map(({ id }) => ({ id, relay, rpcAddress }))
        }),
      )
      const order = { room, halves: halves.flat(), requester: 'a@b/c', target: 'd@e/f', selfTest: false, accounts: [] }
      const again = () => clients.at(relays.relay(0).rpcAddress).activate(order, { timeoutMs: 5_000 })
      const both = await Promise.all([again(), again()])
      assert.deepEqual(
        both.map((response) => response.path),
        [path, path],
      )
      assert.equal(both[0].bytestream, both[1].bytestream)
      await assert.rejects(
        clients.at(relays.relay(0).rpcAddress).activate({ ...order, requester: 'x@y/z' }, { timeoutMs: 5_000 }),
        (error) => error instanceof Failure && error.code === 'taken',
      )
      first.end()
      second.end()
      await Promise.all([closed(first), closed(second)])
      await until(
        'it has ended',
        async () =>
          (await relays
            .relay(0)
            .sample('splice65_bytestreams_active', { path: path === 'PATH_LOCAL' ? 'local' : 'handoff' })) === 0,
      )
      assert.equal((await again()).bytestream, '')
      const found = await clients.at(relays.relay(0).rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })
      assert.deepEqual(found, { halves: [], activated: true })
    })

    it('is told with its bytes when a relay describes itself', async () => {
      await using relays = await startRelays(2, { engine })
      const digest = freshDigest()
      const [first, second] = await dialPair(relays, digest, ports)
      await activate(relays, digest)
      first.write('hello')
      assert.equal(String(await readUpTo(second, 5)), 'hello')
      const describe = (index: number) =>
        relays.clients.at(relays.relay(index).rpcAddress).describe({}, { timeoutMs: 5_000 })
      const legBytes = path === 'PATH_LOCAL' ? 0 : 5
      await until('the bytes are counted', async () => (await describe(0)).relayedBytes === 5)
      await until('those of the leg too', async () => (await describe(1)).legBytes === legBytes)
      const facts = async (index: number) => {
        const { engine: name, draining, waiting, bytestreams, legs, socketsOpen } = await describe(index)
        return { name, draining, waiting, bytestreams, legs, socketsOpen }
      }
      const idle = { name: engine, draining: false, waiting: 0, bytestreams: 0, legs: 0, socketsOpen: 0 }
      assert.deepEqual(await facts(0), { ...idle, bytestreams: 1, socketsOpen: 2 })
      assert.deepEqual(await facts(1), { ...idle, ...(path === 'PATH_HANDOFF' && { legs: 1, socketsOpen: 2 }) })
      first.destroy()
      second.destroy()
    })

    it('is ended by an operator', async () => {
      await using relays = await startRelays(2, options())
      const digest = freshDigest()
      const [first, second] = await dialPair(relays, digest, ports)
      await activate(relays, digest)
      const owner = relays.clients.at(relays.relay(0).rpcAddress)
      const { bytestreams } = await owner.listBytestreams({}, { timeoutMs: 5_000 })
      assert.deepEqual(
        bytestreams.map((it) => [it.digestPrefix, it.path, it.requester, it.peerRelay]),
        [[digest.slice(0, 12), path, 'alice@example.test/phone', path === 'PATH_LOCAL' ? '' : 'relay-1']],
      )
      const ends = Promise.all([closed(first), closed(second)])
      await owner.endBytestream({ id: bytestreams[0]?.id ?? '' }, { timeoutMs: 5_000 })
      assert.deepEqual(await ends, ['ECONNRESET', 'ECONNRESET'])
    })
  })
}

describe('A handoff', () => {
  it('that fails leaves both halves waiting, and the next one succeeds', async () => {
    await using relays = await startRelays(2)
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 1])
    const room = { digest, streamhost: '' }
    const [mine, theirs] = await Promise.all(
      relays.relays.map(({ rpcAddress }) => relays.clients.at(rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })),
    )
    const order = (rpcAddress: string) => ({
      room,
      requester: 'a@b/c',
      target: 'd@e/f',
      selfTest: false,
      accounts: [],
      halves: [
        { id: mine?.halves[0]?.id ?? '', relay: 'relay-0', rpcAddress: relays.relay(0).rpcAddress },
        { id: theirs?.halves[0]?.id ?? '', relay: 'relay-1', rpcAddress },
      ],
    })
    const owner = relays.clients.at(relays.relay(0).rpcAddress)
    await assert.rejects(
      owner.activate(order('127.0.0.1:1'), { timeoutMs: 5_000 }),
      (error) => error instanceof Failure && error.code === 'unavailable',
    )
    assert.match(
      await relays.relay(0).metrics(),
      /^splice65_rpc_request_duration_seconds_count\{method="handoff",outcome="unavailable"\} 1$/m,
    )
    assert.equal(await waiting(relays), 2)
    assert.equal((await owner.activate(order(relays.relay(1).rpcAddress), { timeoutMs: 5_000 })).path, 'PATH_HANDOFF')
    first.end('bytes')
    assert.equal((await readToEnd(second)).toString(), 'bytes')
    first.destroy()
    second.destroy()
  })

  it('ticket opens one trunk, once, and a trunk that never says GO gives the half back', async () => {
    await using relays = await startRelays(2, { handoffTimeoutMs: 2_000 })
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 1])
    const holder = relays.relay(1)
    const room = { digest, streamhost: '' }
    const { halves } = await relays.clients.at(holder.rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })
    const ask = () =>
      relays.clients
        .at(holder.rpcAddress)
        .handoff({ room, half: halves[0]?.id ?? '', owner: 'relay-9', confirmed: true }, { timeoutMs: 5_000 })
    const { ticket } = await ask()
    await assert.rejects(ask(), (error) => error instanceof Failure && error.code === 'not-ready')
    const dialTrunk = async (bytes: Buffer) => {
      const socket = connect({ port: holder.ports.trunk, host: '127.0.0.1' })
      await once(socket, 'connect')
      socket.write(Buffer.concat([Buffer.from('S65TRNK1'), bytes]))
      return socket
    }
    const forged = await dialTrunk(randomBytes(32))
    assert.equal((await readUpTo(forged, 1)).length, 0)
    const trunk = await dialTrunk(ticket)
    assert.deepEqual(await readUpTo(trunk, 1), Buffer.from([1]))
    const replayed = await dialTrunk(ticket)
    assert.equal((await readUpTo(replayed, 1)).length, 0)
    assert.equal((await readUpTo(trunk, 1)).length, 0)
    await until(
      'the half waits again',
      async () =>
        (await relays.clients.at(holder.rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })).halves.length === 1,
    )
    assert.equal(await activate(relays, digest), 'PATH_HANDOFF')
    for (const socket of [forged, trunk, replayed, first, second]) socket.destroy()
  })

  it('finds its trunk though others crowd the port and say nothing, of whom the first to come are closed', async () => {
    // So long that none of them is closed for its silence.
    await using relays = await startRelays(2, { handoffTimeoutMs: 60_000 })
    const digest = freshDigest()
    const pair = await dialPair(relays, digest, [0, 1])
    const tooMany = 10
    const silent: Socket[] = []
    for (let count = 0; count < MOST_STRANGERS + tooMany; count++) {
      const socket = connect({ port: relays.relay(1).ports.trunk, host: '127.0.0.1' }).on('error', () => {})
      await once(socket, 'connect')
      silent.push(socket)
    }
    await Promise.all(silent.slice(0, tooMany).map(closed))
    assert.equal(await activate(relays, digest), 'PATH_HANDOFF')
    assert.equal(await relays.relay(1).sample('splice65_trunks_refused_total'), tooMany + 1)
    assert.equal(silent.at(-1)?.closed, false)
    for (const socket of [...pair, ...silent]) socket.destroy()
  })

  /** A half that waits on a relay, and the trunk to it of an owner that has said GO. */
  async function openTrunk(relays: TestRelays, { confirmed }: { confirmed: boolean }) {
    const holder = relays.relay(0)
    const digest = freshDigest()
    const { socket: client } = await dialHalf(holder.ports.socks[''] ?? 0, digest)
    const room = { digest, streamhost: '' }
    const calls = relays.clients.at(holder.rpcAddress)
    const { halves } = await calls.findHalves({ room }, { timeoutMs: 5_000 })
    const half = halves[0]?.id ?? ''
    const promise = await calls.handoff({ room, half, owner: 'relay-9', confirmed }, { timeoutMs: 5_000 })
    assert.equal(promise.confirmed, confirmed)
    const trunk = connect({ port: holder.ports.trunk, host: '127.0.0.1' })
    trunk.write(Buffer.concat([Buffer.from('S65TRNK1'), promise.ticket]))
    assert.deepEqual(await readUpTo(trunk, 1), Buffer.from([1]))
    trunk.write(Buffer.from([2]))
    if (confirmed) assert.deepEqual(await readUpTo(trunk, 1), Buffer.from([3]))
    return { digest, client, trunk, found: () => calls.findHalves({ room }, { timeoutMs: 5_000 }) }
  }

  for (const confirmed of [true, false]) {
    it(`${confirmed ? 'says' : 'does not say'} JOINED to an owner that ${confirmed ? 'waits' : 'does not wait'} for it`, async () => {
      await using relays = await startRelays(1)
      const { client, trunk } = await openTrunk(relays, { confirmed })
      client.write('payload')
      assert.equal((await readUpTo(trunk, 7)).toString(), 'payload')
      for (const socket of [client, trunk]) socket.destroy()
    })
  }

  it('whose trunk breaks before a byte of its owner leaves no room that counts as activated, and a free slot', async () => {
    await using relays = await startRelays(1)
    const { digest, client, trunk, found } = await openTrunk(relays, { confirmed: true })
    client.write('early')
    await readUpTo(trunk, 5)
    trunk.resetAndDestroy()
    assert.equal(await closed(client), 'ECONNRESET')
    await until(
      'the leg has ended',
      async () => (await relays.relay(0).sample('splice65_bytestreams_active', { path: 'leg' })) === 0,
    )
    assert.deepEqual(await found(), { halves: [], activated: false })
    // What waits on the owner is one more of this relay here: two find room again.
    const dial = () => dialHalf(relays.relay(0).ports.socks[''] ?? 0, digest)
    const newcomers = [await dial(), await dial()]
    for (const { socket } of newcomers) socket.destroy()
    assert.deepEqual(
      newcomers.map(({ rep }) => rep),
      [0, 0],
    )
  })

  it('needs the shared token', async () => {
    await using relays = await startRelays(1, { rpcToken: 'a token of tests only' })
    const { openRelayClients } = await import('../shared/rpc/relay-clients.ts')
    const stranger = openRelayClients({ rpcToken: 'another token of tests' })
    const room = { digest: freshDigest(), streamhost: '' }
    await assert.rejects(
      stranger.at(relays.relay(0).rpcAddress).findHalves({ room }, { timeoutMs: 5_000 }),
      (error) => error instanceof Failure && error.code === 'forbidden',
    )
    stranger.close()
    const found = await relays.clients.at(relays.relay(0).rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })
    assert.deepEqual(found, { halves: [], activated: false })
  })
})

describe('A client', () => {
  it('gets its reply wherever its handshake is cut', async () => {
    await using relays = await startRelays(1)
    const whole = (digest: Digest) => Buffer.concat([greeting, connectRequest(digest)])
    for (let cut = 1; cut < whole(freshDigest()).length; cut++) {
      const bytes = whole(freshDigest())
      const socket = connect({ port: portOf(relays, 0), host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      socket.write(bytes.subarray(0, cut))
      // The rest leaves only after the relay has worked on the first piece, as its other answers show.
      await dialHalf(portOf(relays, 0), freshDigest()).then((other) => other.socket.destroy())
      socket.write(bytes.subarray(cut))
      const answer = await readUpTo(socket, 49)
      assert.equal(answer.toString('hex', 0, 6), '050005000003')
      socket.destroy()
    }
  })

  it('reads why it is refused, even with input behind its request', async () => {
    await using relays = await startRelays(1)
    const socket = connect({ port: portOf(relays, 0), host: '127.0.0.1' })
    await once(socket, 'connect')
    const host = Buffer.from('example.com')
    socket.write(Buffer.concat([greeting, Buffer.from([5, 1, 0, 3, host.length]), host, Buffer.from([0, 80])]))
    socket.write(randomBytes(3_000))
    const answer = await readToEnd(socket)
    assert.equal(answer.toString('hex', 0, 4), '05000502')
    assert.ok(answer.includes(host))
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'not-a-digest' }), 1)
  })

  it('that is the third is refused with 02 and disturbs nobody, before activation and after', async () => {
    await using relays = await startRelays(2)
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 1])
    for (const index of [0, 1]) {
      const third = await dialHalf(portOf(relays, index), digest)
      assert.equal(third.rep, 2)
      third.socket.destroy()
    }
    await activate(relays, digest)
    for (const index of [0, 1]) {
      const third = await dialHalf(portOf(relays, index), digest)
      assert.equal(third.rep, 2)
      third.socket.destroy()
    }
    first.end('bytes')
    assert.equal((await readToEnd(second)).toString(), 'bytes')
    second.destroy()
  })

  it('that resets while it waits frees its slot, and only its own', async () => {
    await using relays = await startRelays(1)
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 0])
    first.resetAndDestroy()
    await until('its half is gone', async () => (await waiting(relays)) === 1)
    const successor = await dialHalf(portOf(relays, 0), digest)
    assert.equal(successor.rep, 0)
    await until('both wait', async () => (await waiting(relays)) === 2)
    await activate(relays, digest)
    successor.socket.end('bytes')
    assert.equal((await readToEnd(second)).toString(), 'bytes')
    second.destroy()
  })

  it('that sent its FIN can still be activated, with what it had sent', async () => {
    await using relays = await startRelays(2)
    for (const ports of [
      [0, 0],
      [0, 1],
    ] as const) {
      const digest = freshDigest()
      const [first, second] = await dialPair(relays, digest, ports)
      first.end('all I have')
      await until('its FIN is seen', () =>
        relays.registry.claimActivation({ digest, streamhost: '' }, 'probe').then(async (claim) => {
          await relays.registry.settleActivation({ digest, streamhost: '' }, 'probe', false)
          return claim.state === 'claimed' && claim.halves[0].replaceable
        }),
      )
      await activate(relays, digest)
      assert.equal((await readToEnd(second)).toString(), 'all I have')
      second.end('thank you')
      assert.equal((await readToEnd(first)).toString(), 'thank you')
    }
  })

  it('that reconnects after its FIN takes its own slot again', async () => {
    await using relays = await startRelays(1)
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 0])
    first.end()
    let again = await dialHalf(portOf(relays, 0), digest)
    await until('the slot is given up', async () => {
      if (again.rep === 0) return true
      again.socket.destroy()
      again = await dialHalf(portOf(relays, 0), digest)
      return again.rep === 0
    })
    await until('two wait', async () => (await waiting(relays)) === 2)
    await activate(relays, digest)
    again.socket.end('bytes')
    assert.equal((await readToEnd(second)).toString(), 'bytes')
    for (const socket of [first, second]) socket.destroy()
  })

  it('that only looks is a probe', async () => {
    await using relays = await startRelays(1)
    const looker = connect({ port: portOf(relays, 0), host: '127.0.0.1' })
    await once(looker, 'connect')
    looker.end()
    const greeter = connect({ port: portOf(relays, 0), host: '127.0.0.1' })
    greeter.write(greeting)
    await readUpTo(greeter, 2)
    greeter.end()
    await until(
      'both are counted',
      async () => (await relays.relay(0).sample('splice65_handshakes_total', { result: 'probe' })) === 2,
    )
  })

  it('that is silent for too long has expired', async () => {
    await using relays = await startRelays(1, { handshakeTimeoutMs: 50 })
    const sleeper = connect({ port: portOf(relays, 0), host: '127.0.0.1' })
    await closed(sleeper)
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'expired' }), 1)
  })

  it('that nobody activates is let go when its time is over', async () => {
    await using relays = await startRelays(1, { activationTimeoutMs: 500 })
    const { socket } = await dialHalf(portOf(relays, 0), freshDigest())
    assert.equal((await readToEnd(socket)).length, 0)
    socket.destroy()
    const labels = { outcome: 'expired', reason: 'unactivated' }
    assert.equal(await relays.relay(0).sample('splice65_half_connections_total', labels), 1)
  })

  it('past the bound is counted and closed', async () => {
    await using relays = await startRelays(1, { maxSockets: 2 })
    const inside = await Promise.all([
      dialHalf(portOf(relays, 0), freshDigest()),
      dialHalf(portOf(relays, 0), freshDigest()),
    ])
    const outside = connect({ port: portOf(relays, 0), host: '127.0.0.1' })
    await closed(outside)
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'over-limit' }), 1)
    for (const { socket } of inside) socket.destroy()
  })
})

const ipv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))

describe('IPv6', { skip: ipv6 ? false : 'this machine has no ::1' }, () => {
  it('serves for clients, gRPC and trunks alike', async () => {
    const settings = { listen: ['[::1]:0'], advertiseHost: '::1', rpcHost: '::1', trunkHost: '::1' }
    await using relays = await startRelays(2, { ...settings, ownListen: '[::1]:0', publicHost: '[::0:1]' })
    const [record] = await relays.registry.relays()
    assert.deepEqual(record?.streamhost, { host: '::1', port: relays.relay(0).ports.socks['relay-0'] })
    const digest = freshDigest()
    const [first, second] = await Promise.all([0, 1].map((index) => dialHalf(portOf(relays, index), digest, '::1')))
    assert.deepEqual([first?.rep, second?.rep], [0, 0])
    await until('both halves wait', async () => (await waiting(relays)) === 2)
    assert.equal(await activate(relays, digest), 'PATH_HANDOFF')
    first?.socket.end('over IPv6')
    assert.ok(second)
    assert.equal((await readToEnd(second.socket)).toString(), 'over IPv6')
    second.socket.end()
  })
})

describe('Draining', () => {
  it('keeps what waits and what runs, meets halves here, takes no new room, and ends when nothing is left', async () => {
    await using relays = await startRelays(1)
    const relay = relays.relay(0)
    const running = freshDigest()
    const [alice, bob] = await dialPair(relays, running, [0, 0])
    await activate(relays, running)
    const digest = freshDigest()
    const { socket: first } = await dialHalf(portOf(relays, 0), digest)
    const drained = relay.drain(new AbortController().signal)
    const health = `http://127.0.0.1:${relay.ports.health}`
    assert.equal((await fetch(`${health}/readyz`)).status, 503)
    assert.equal((await fetch(`${health}/livez`)).status, 200)
    const since = await relay.sample('splice65_drain_started_timestamp_seconds')
    assert.ok(Math.abs(Date.now() / 1_000 - since) < 60, `draining since ${since}`)
    await until('it is announced', async () => (await relays.registry.relays()).every((record) => record.draining))
    await until('new rooms are refused', async () => {
      const stranger = await dialHalf(portOf(relays, 0), freshDigest())
      stranger.socket.destroy()
      return stranger.rep === 1
    })
    const second = await dialHalf(portOf(relays, 0), digest)
    assert.equal(second.rep, 0)
    assert.ok((await relay.sample('splice65_handshakes_total', { result: 'draining' })) > 0)
    await until('both wait', async () => (await waiting(relays)) >= 2)
    await activate(relays, digest)
    first.end('late')
    assert.equal((await readToEnd(second.socket)).toString(), 'late')
    second.socket.end()
    alice.end('live')
    assert.equal((await readToEnd(bob)).toString(), 'live')
    bob.end()
    await drained
  })

  it('cut short ends what is live as drained', async () => {
    await using relays = await startRelays(1)
    const relay = relays.relay(0)
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 0])
    await activate(relays, digest)
    const force = new AbortController()
    const drained = relay.drain(force.signal)
    force.abort()
    await drained
    const ends = Promise.all([closed(first), closed(second)])
    await relay.stop()
    assert.deepEqual(await ends, ['ECONNRESET', 'ECONNRESET'])
    assert.equal(relay.lines.find((line) => line.msg === 'bytestream ended')?.outcome, 'drained')
  })

  it('ends what is left at its deadline, one after the other', async () => {
    await using relays = await startRelays(1, { drainTimeoutMs: 1, drainSpreadMs: 60_000 })
    const relay = relays.relay(0)
    const pairs: [Socket, Socket][] = []
    for (let i = 0; i < 3; i++) {
      const digest = freshDigest()
      pairs.push(await dialPair(relays, digest, [0, 0]))
      await activate(relays, digest)
    }
    const [oldest, ...others] = pairs
    assert.ok(oldest)
    const force = new AbortController()
    const ends = Promise.all(oldest.map((socket) => closed(socket)))
    const drained = relay.drain(force.signal)
    assert.deepEqual(await ends, ['ECONNRESET', 'ECONNRESET'])
    for (const [first, second] of others) {
      first.write('on')
      assert.equal((await readUpTo(second, 2)).toString(), 'on')
    }
    force.abort()
    await drained
    const last = Promise.all(others.flat().map((socket) => closed(socket)))
    await relay.stop()
    assert.deepEqual(new Set(await last), new Set(['ECONNRESET']))
    const told = relay.lines.filter((line) => line.msg === 'bytestream ended')
    assert.deepEqual(
      told.map(({ outcome, reason }) => `${outcome} ${reason}`),
      Array(3).fill('drained deadline'),
    )
  })

  for (const drainSpreadMs of [0, 1, 250]) {
    it(`has ended everything, waiting halves as well, after a spread of ${drainSpreadMs} ms`, async () => {
      await using relays = await startRelays(1, { drainTimeoutMs: 1, drainSpreadMs })
      const running = freshDigest()
      const pair = await dialPair(relays, running, [0, 0])
      await activate(relays, running)
      const { socket: waits } = await dialHalf(portOf(relays, 0), freshDigest())
      await until('it waits', async () => (await waiting(relays)) === 1)
      const ends = Promise.all([...pair.map((socket) => closed(socket)), readToEnd(waits)])
      await relays.relay(0).drain(new AbortController().signal)
      await ends
      await until('nothing is left', async () => (await relays.relay(0).sample('splice65_sockets_open')) === 0)
    })
  }

  it('that an operator asks for serves newcomers until load balancers know of it', async () => {
    await using relays = await startRelays(1, { drainDelayMs: 3_600_000 })
    const calls = relays.clients.at(relays.relay(0).rpcAddress)
    await calls.drain({ draining: true }, { timeoutMs: 5_000 })
    assert.equal((await fetch(`http://127.0.0.1:${relays.relay(0).ports.health}/readyz`)).status, 503)
    assert.equal((await dialHalf(portOf(relays, 0), freshDigest())).rep, 0)
  })

  it('before the end cannot be called off, as one that an operator asked for can', async () => {
    await using relays = await startRelays(1)
    const relay = relays.relay(0)
    const calls = relays.clients.at(relay.rpcAddress)
    const ready = async () => (await fetch(`http://127.0.0.1:${relay.ports.health}/readyz`)).status === 200
    await calls.drain({ draining: true }, { timeoutMs: 5_000 })
    assert.equal(await ready(), false)
    await calls.drain({ draining: false }, { timeoutMs: 5_000 })
    assert.equal(await ready(), true)

    await dialHalf(portOf(relays, 0), freshDigest())
    const force = new AbortController()
    const drained = relay.drain(force.signal)
    await assert.rejects(
      calls.drain({ draining: false }, { timeoutMs: 5_000 }),
      (error) => error instanceof Failure && error.code === 'not-ready',
    )
    assert.equal(await ready(), false)
    force.abort()
    await drained
  })
})

describe('Counters', () => {
  it('are there before the first event, so that their rates are', async () => {
    await using relays = await startRelays(1)
    const text = await relays.relay(0).metrics()
    for (const sample of [
      'splice65_handshakes_total{result="not-a-digest"} 0',
      'splice65_half_connections_total{outcome="expired",reason="unactivated"} 0',
      'splice65_bytestreams_total{outcome="expired",reason="stalled",path="handoff"} 0',
      'splice65_legs_total{outcome="completed",reason="finished"} 0',
      'splice65_handoffs_total{outcome="failed"} 0',
      'splice65_bytestream_size_bytes_count{path="local"} 0',
      'splice65_rpc_request_duration_seconds_count{method="handoff",outcome="unavailable"} 0',
      'splice65_registry_request_duration_seconds_count{operation="claim",outcome="error"} 0',
    ]) {
      assert.ok(text.split('\n').includes(sample), sample)
    }
  })

  it('are live while a bytestream runs', async () => {
    await using relays = await startRelays(2)
    const digest = freshDigest()
    const [first, second] = await dialPair(relays, digest, [0, 1])
    await activate(relays, digest)
    const sent = randomBytes(100_000)
    first.write(sent)
    const got = await readUpTo(second, sent.length)
    assert.equal(createHash('sha256').update(got).digest('hex'), createHash('sha256').update(sent).digest('hex'))
    await until(
      'they show it',
      async () => (await relays.relay(0).sample('splice65_relayed_bytes_total', { half: 'first' })) === sent.length,
    )
    await until(
      'the leg shows it',
      async () => (await relays.relay(1).sample('splice65_leg_bytes_total')) === sent.length,
    )
    for (const relay of relays.relays) {
      assert.match(await relay.metrics(), /^splice65_half_connection_wait_seconds_count 1$/m)
    }
    assert.match(
      await relays.relay(0).metrics(),
      /^splice65_rpc_request_duration_seconds_count\{method="handoff",outcome="ok"\} 1$/m,
    )
    first.destroy()
    second.destroy()
  })
})
