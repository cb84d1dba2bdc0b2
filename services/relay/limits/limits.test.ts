import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { activate, freshDigest, startRelays, type TestRelays } from '../../../test/support/relays.ts'
import { closed, dialHalf } from '../../../test/support/socks-client.ts'
import { until } from '../../../test/support/until.ts'

const portOf = (relays: TestRelays, index = 0): number => relays.relay(index).ports.socks[''] ?? 0

/** A client that connects and says nothing. */
async function dialSilently(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  await once(socket, 'connect')
  return socket
}

describe('A relay that tells clients apart', () => {
  it('gives one address no more halves than its share (REP 02), and takes others back when some have left', async () => {
    await using relays = await startRelays(1, { sourceLimits: 'on', halvesPerSource: 2 })
    const [first, second] = [
      await dialHalf(portOf(relays), freshDigest()),
      await dialHalf(portOf(relays), freshDigest()),
    ]
    assert.deepEqual([first.rep, second.rep], [0, 0])
    const third = await dialHalf(portOf(relays), freshDigest())
    assert.equal(third.rep, 2)
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'source-halves' }), 1)
    first.socket.resetAndDestroy()
    await until('there is room again', async () => {
      const { rep, socket } = await dialHalf(portOf(relays), freshDigest())
      if (rep !== 0) socket.destroy()
      return rep === 0
    })
  })

  it('gives back the places of halves that were joined or not let in', async () => {
    await using relays = await startRelays(1, { sourceLimits: 'on', halvesPerSource: 3 })
    for (let round = 0; round < 3; round++) {
      const digest = freshDigest()
      for (const expected of [0, 0, 2]) assert.equal((await dialHalf(portOf(relays), digest)).rep, expected)
      await until('both wait', async () => (await relays.relay(0).sample('splice65_half_connections_waiting')) === 2)
      await activate(relays, digest)
    }
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'source-halves' }), 0)
  })

  it('closes the handshakes of one address that are too many', async () => {
    await using relays = await startRelays(1, { sourceLimits: 'on', handshakesPerSource: 2 })
    const [first] = [await dialSilently(portOf(relays)), await dialSilently(portOf(relays))]
    await closed(await dialSilently(portOf(relays)))
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'source-handshakes' }), 1)
    first.destroy()
    await until('there is room again', async () => (await relays.relay(0).sample('splice65_sockets_open')) === 1)
    assert.equal((await dialHalf(portOf(relays), freshDigest())).rep, 0)
  })

  it('says at its start by what it does', async () => {
    const said = async (options: Parameters<typeof startRelays>[1]) => {
      await using relays = await startRelays(1, options)
      return relays.relay(0).lines.find(({ msg }) => msg === 'relay started')?.sourceLimits
    }
    const proxied = { proxyListen: ['127.0.0.1:0'], proxyTrusted: ['127.0.0.1'] }
    assert.equal(await said({}), 'off')
    assert.equal(await said(proxied), 'by PROXY headers')
    assert.equal(await said({ ...proxied, sourceLimits: 'off' }), 'off')
    assert.equal(await said({ ...proxied, sourceLimits: 'on' }), 'by socket addresses and PROXY headers')
  })
})

describe('Two hundred clients behind one address', () => {
  for (const { what, options } of [
    { what: 'a relay that does not tell clients apart', options: { halvesPerSource: 1, handshakesPerSource: 1 } },
    { what: 'one that does, by its defaults', options: { sourceLimits: 'on' } },
  ] as const) {
    it(`are all paired by ${what}`, async () => {
      await using relays = await startRelays(1, options)
      const digests = Array.from({ length: 100 }, () => freshDigest())
      const halves = digests.flatMap((digest) => [digest, digest]).map((digest) => dialHalf(portOf(relays), digest))
      assert.ok((await Promise.all(halves)).every(({ rep }) => rep === 0))
      await until('all wait', async () => (await relays.relay(0).sample('splice65_half_connections_waiting')) === 200)
      for (const digest of digests) assert.equal(await activate(relays, digest), 'PATH_LOCAL')
    })
  }
})

describe('A relay with few places', () => {
  it('lets no more halves wait than it may (REP 01)', async () => {
    await using relays = await startRelays(1, { maxWaiting: 1 })
    assert.equal((await dialHalf(portOf(relays), freshDigest())).rep, 0)
    assert.equal((await dialHalf(portOf(relays), freshDigest())).rep, 1)
    assert.equal(await relays.relay(0).sample('splice65_handshakes_total', { result: 'waiting-full' }), 1)
  })

  it('lets no more halves wait than may on all relays together (REP 01), and says why', async () => {
    await using relays = await startRelays(1, { maxFleetWaiting: 1 })
    const relay = relays.relay(0)
    assert.equal((await dialHalf(portOf(relays), freshDigest())).rep, 0)
    assert.equal((await dialHalf(portOf(relays), freshDigest())).rep, 1)
    assert.equal(await relay.sample('splice65_handshakes_total', { result: 'fleet-full' }), 1)
    assert.equal(await relay.sample('splice65_fleet_half_connections_waiting'), 1)
    assert.equal(await relay.sample('splice65_fleet_half_connections_max'), 1)
    const told = relay.lines.find(({ result }) => result === 'fleet-full')
    assert.equal(told?.why, 'too many halves wait on all relays together')
  })

  it('lets nobody in and is not ready while it has too little memory', async () => {
    await using relays = await startRelays(1, { maxMemoryBytes: 1 })
    const relay = relays.relay(0)
    await closed(await dialSilently(portOf(relays)))
    assert.equal(await relay.sample('splice65_handshakes_total', { result: 'over-memory' }), 1)
    const response = await fetch(`http://127.0.0.1:${relay.ports.health}/readyz`)
    assert.equal(`${response.status} ${await response.text()}`, '503 full: it has too little memory left\n')
  })

  it('closes connections that come too fast', async () => {
    await using relays = await startRelays(1, { connectionsPerSecond: 1 })
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dialSilently(portOf(relays))))
    await Promise.race(sockets.map(closed))
    assert.ok((await relays.relay(0).sample('splice65_handshakes_total', { result: 'over-rate' })) >= 1)
  })

  for (const { where, ports, limits } of [
    { where: 'its own relay', ports: [0, 0], limits: [1, 9] },
    { where: 'the other half’s', ports: [0, 1], limits: [9, 0] },
  ] as const) {
    it(`starts no bytestream above the limit of ${where}, and both halves wait on`, async () => {
      await using holder = await startRelays(1, { pod: 'relay-1', maxBytestreams: Math.max(limits[1], 1) })
      await using owner = await startRelays(1, { maxBytestreams: limits[0] }, { registry: holder.registry })
      const both = { relays: [owner.relay(0), holder.relay(0)], clients: owner.clients }
      const port = (index: number) => portOf(index === 0 ? owner : holder)
      const join = async (at: readonly number[]) => {
        const digest = freshDigest()
        for (const index of at) assert.equal((await dialHalf(port(index), digest)).rep, 0)
        return activate(both, digest)
      }
      await join(limits[1] === 0 ? [1, 1] : [0, 0])
      await assert.rejects(join(ports), { code: 'over-limit' })
      const waiting = await Promise.all(both.relays.map((relay) => relay.sample('splice65_half_connections_waiting')))
      assert.deepEqual(waiting.sort(), ports[1] === 0 ? [0, 2] : [1, 1])
    })
  }
})

describe('A handshake', () => {
  it('has less time while sockets are scarce', async () => {
    const times = { handshakeTimeoutMs: 600_000, handshakeTimeoutPressedMs: 50 }
    await using relays = await startRelays(1, { maxSockets: 5, ...times })
    const slow = await Promise.all(Array.from({ length: 4 }, () => dialSilently(portOf(relays))))
    await Promise.race(slow.map(closed))
    assert.ok((await relays.relay(0).sample('splice65_handshakes_total', { result: 'expired' })) >= 1)
  })
})
