import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Fleet, type RelayProcess, startFleet } from '../../deploy/local/fleet.ts'
import { attribute, ns, xml } from '../../services/shared/xmpp/xml.ts'
import { agree, dialRelay, exchange, pairOf } from '../support/pair.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { connectRequest, dialHalf, greeting, readToEnd, readUpTo } from '../support/socks-client.ts'
import { storyOf } from '../support/story.ts'
import { until } from '../support/until.ts'

/** Of the second half's relay; the first half is always on relay 0. */
const places = [
  { second: 0, where: 'on one relay' },
  { second: 1, where: 'across two relays' },
] as const

describe('A client', () => {
  let fleet: Fleet
  let alice: Requester

  before(async () => {
    fleet = await startFleet({ relays: 2 })
    alice = await logInRequester(fleet)
  })

  after(async () => {
    await alice?.[Symbol.asyncDispose]()
    await fleet?.stop()
  })

  for (const { second, where } of places) {
    it(`that tests the proxy as Gajim does, ${where}, gets a result for two halves that have left already`, async () => {
      const { digest, ...bytestream } = agree(alice.jid, 'test@gajim.org/test2')
      for (const relay of [fleet.relays[0], fleet.relays[second]]) {
        const { socket, rep } = await dialRelay(relay, digest)
        assert.equal(rep, 0)
        // With nothing unread this is a FIN.
        socket.destroy()
      }
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      const { outcome, bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual({ bytesFromFirst, bytesFromSecond }, { bytesFromFirst: 0, bytesFromSecond: 0 })
      assert.equal(outcome, 'completed')
    })

    it(`that is the requester may dial first, as in Jingle, ${where}`, async () => {
      const { digest, ...bytestream } = agree(alice.jid)
      const requesters = await dialRelay(fleet.relays[0], digest)
      using pair = pairOf([requesters, await dialRelay(fleet.relays[second], digest)])
      assert.equal(verdict(await alice.activate(bytestream)), 'result')

      const content = randomBytes(1_000_003)
      pair.first.end(content)
      pair.second.end()
      const [atTarget, atRequester] = await Promise.all([readToEnd(pair.second), readToEnd(pair.first)])
      assert.ok(atTarget.equals(content))
      assert.equal(atRequester.length, 0)
      const { bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual({ bytesFromFirst, bytesFromSecond }, { bytesFromFirst: content.length, bytesFromSecond: 0 })
    })

    it(`whose payload follows its CONNECT at once, as Coccinella's CR does, has it delivered first, ${where}`, async () => {
      const { digest, ...bytestream } = agree(alice.jid)
      const first = await dialRelay(fleet.relays[0], digest)
      const socket = await dial(fleet.relays[second])
      socket.write(greeting)
      assert.deepEqual([...(await readUpTo(socket, 2))], [5, 0])
      socket.write(Buffer.concat([connectRequest(digest), Buffer.from('\r')]))
      const reply = await readUpTo(socket, 47)
      using pair = pairOf([first, { socket, reply, rep: reply[1] }])
      assert.equal(verdict(await alice.activate(bytestream)), 'result')

      assert.equal(String(await readUpTo(pair.first, 1)), '\r')
      const bytes = await exchange(pair)
      const { bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual({ bytesFromFirst, bytesFromSecond }, { bytesFromFirst: bytes, bytesFromSecond: bytes + 1 })
    })

    it(`that writes the digest in upper case reads it so in its reply, and meets one that does not, ${where}`, async () => {
      const { digest, ...bytestream } = agree(alice.jid)
      const shouted = digest.toUpperCase()
      assert.notEqual(shouted, digest)
      const upper = await answersTo(fleet.relays[0], shouted)
      const lower = await answersTo(fleet.relays[second], digest)
      for (const [{ chunks }, written] of [
        [upper, shouted],
        [lower, digest],
      ] as const) {
        const expected = Buffer.from(connectRequest(written))
        expected[1] = 0
        assert.deepEqual(chunks, [Buffer.from([5, 0]), expected])
      }
      using pair = pairOf([upper, lower].map(({ socket }) => ({ socket, rep: 0, reply: Buffer.alloc(0) })))
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      await exchange(pair)
      await storyOf(fleet.relays, digest)
    })
  }

  it('that reads one answer in one piece, as Dino does, finds each whole: 2 bytes and 47', async () => {
    for (const relay of fleet.relays) {
      const { digest } = agree(alice.jid)
      const { socket, chunks } = await answersTo(relay, digest)
      assert.deepEqual(
        chunks.map(({ length }) => length),
        [2, 47],
      )
      socket.resetAndDestroy()
    }
  })

  it('that asks for a JID where nobody is gets an error with its sid', async () => {
    const { digest: _, ...bytestream } = agree(alice.jid, 'test@gajim.org/test2')
    const answer = await alice.activate(bytestream)
    assert.equal(verdict(answer), 'item-not-found cancel')
    const query = answer.getChild('query', ns.bytestreams)
    assert.equal(query && attribute(query, 'sid'), bytestream.sid)
  })

  it('that opens, greets and leaves is counted as a probe, and as no failure', async () => {
    const probes = () => sample(fleet.relays, 'splice65_handshakes_total', { result: 'probe' })
    const handshakes = () => sample(fleet.relays, 'splice65_handshakes_total')
    const [probesBefore, handshakesBefore] = [await probes(), await handshakes()]
    for (const relay of fleet.relays) {
      for (const leave of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy()]) {
        const socket = await dial(relay)
        socket.write(greeting)
        await readUpTo(socket, 2)
        leave(socket)
      }
    }
    await until('four probes are counted', async () => (await probes()) === probesBefore + 4)
    assert.equal(await handshakes(), handshakesBefore + 4)
  })
})

describe('A client that takes an address of a relay for that of the proxy, as Pidgin does with the first', () => {
  it('has its bytestream activated all the same', async () => {
    await using fleet = await startFleet({ relays: 2, streamhostMode: 'per-pod' })
    await using alice = await logInRequester(fleet)
    const answer = await alice.ask('get', xml('query', { xmlns: ns.bytestreams }))
    const [told] = answer.getChild('query', ns.bytestreams)?.getChildren('streamhost') ?? []
    assert.ok(told)
    assert.notEqual(attribute(told, 'jid'), fleet.proxy)

    const { digest, ...bytestream } = agree(alice.jid)
    const [host, port] = [attribute(told, 'host'), Number(attribute(told, 'port'))]
    using pair = pairOf([await dialHalf(port, digest, host), await dialHalf(port, digest, host)])
    assert.equal(verdict(await alice.activate(bytestream)), 'result')
    await exchange(pair)
    await storyOf(fleet.relays, digest)
  })
})

async function dial(relay: RelayProcess | undefined): Promise<Socket> {
  const address = relay?.socks['']
  assert.ok(address)
  const socket = connect({ ...address, allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

/** Shakes hands step by step, and gives what came in the pieces in which it came. */
async function answersTo(relay: RelayProcess | undefined, digest: string) {
  const socket = await dial(relay)
  const chunks: Buffer[] = []
  for (const request of [greeting, connectRequest(digest)]) {
    socket.write(request)
    const [chunk] = await once(socket, 'data')
    chunks.push(chunk)
  }
  socket.pause()
  return { socket, chunks }
}
