import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { attribute, type Element, ns, xml } from '../../services/shared/xmpp/xml.ts'
import { agree, dialPair, dialRelay, exchange, pairOf } from '../support/pair.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { storyOf } from '../support/story.ts'
import { until } from '../support/until.ts'

describe('An activation', () => {
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

  for (const [first, second] of [
    [0, 0],
    [0, 1],
    [1, 0],
  ] as const) {
    it(`joins a half on relay ${first} and a later one on relay ${second}, owned by the first's`, async () => {
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[first], fleet.relays[second], digest)
      const answer = await alice.activate(bytestream)
      assert.equal(verdict(answer), 'result')
      assert.deepEqual(answer.getChildElements(), [])

      const bytes = await exchange(pair)
      const { pod, path, bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual(
        { pod, path, bytesFromFirst, bytesFromSecond },
        {
          pod: `relay-${first}`,
          path: first === second ? 'local' : 'handoff',
          bytesFromFirst: bytes,
          bytesFromSecond: bytes,
        },
      )
    })
  }

  it('of no half, or of one, is refused with its sid when the time for the other is over', async () => {
    const [nobody, lonely, wrongTarget] = [agree(alice.jid), agree(alice.jid), agree(alice.jid)]
    const { socket } = await dialRelay(fleet.relays[0], lonely.digest)
    using pair = await dialPair(fleet.relays[0], fleet.relays[1], wrongTarget.digest)
    const cases = [
      { asked: nobody, expected: 'item-not-found cancel' },
      { asked: lonely, expected: 'not-allowed cancel' },
      { asked: { ...wrongTarget, target: 'mallory@example.test/desk' }, expected: 'item-not-found cancel' },
    ]
    const answers = await Promise.all(cases.map(({ asked }) => alice.activate(asked)))
    for (const [index, { asked, expected }] of cases.entries()) assertRefused(answers[index], expected, asked.sid)

    // Nobody's error has cost the halves anything.
    assert.equal(verdict(await alice.activate(wrongTarget)), 'result')
    await exchange(pair)
    const { socket: late } = await dialRelay(fleet.relays[1], lonely.digest)
    assert.equal(verdict(await alice.activate(lonely)), 'result')
    for (const each of [socket, late]) each.destroy()
    await storyOf(fleet.relays, lonely.digest)
  })

  it('that cannot be read is refused with what it had of a sid', async () => {
    const { sid, target } = agree(alice.jid)
    assertRefused(await alice.activate({ target }), 'bad-request modify', undefined)
    assertRefused(await alice.activate({ sid: '', target }), 'bad-request modify', '')
    assertRefused(await alice.activate({ sid }), 'bad-request modify', sid)
    for (const jid of ['', '@', 'bob@', 'bob@example.test/', 'b ob@example.test/desk', 'bob@exa mple.test/desk']) {
      assertRefused(await alice.activate({ sid, target: jid }), 'jid-malformed modify', sid)
    }
  })

  it('that is repeated gets a result again, while the bytestream runs and after its end, and starts nothing', async () => {
    for (const second of [0, 1]) {
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[0], fleet.relays[second], digest)
      const answers = await Promise.all([alice.activate(bytestream), alice.activate(bytestream)])
      assert.deepEqual(answers.map(verdict), ['result', 'result'])
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      await exchange(pair)
      await storyOf(fleet.relays, digest)
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      await storyOf(fleet.relays, digest)
      assert.equal(await sample(fleet.relays, 'splice65_bytestreams_active'), 0)

      const { socket, rep } = await dialRelay(fleet.relays[1], digest)
      assert.equal(rep, 2, 'the digest is spent')
      socket.destroy()
    }
  })

  it('finds the halves by the digest of the target as typed, and of the target as prepared', async () => {
    const typed = 'Bob@EXAMPLE.test/Desk'
    for (const hashed of [typed, 'bob@example.test/Desk']) {
      const { sid } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[0], fleet.relays[1], digestAsTyped(sid, alice.jid, hashed))
      assert.equal(verdict(await alice.activate({ sid, target: typed })), 'result')
      await exchange(pair)
    }
  })

  it('that overtakes the second half waits for it', async () => {
    for (const second of [0, 1]) {
      const { digest, ...bytestream } = agree(alice.jid)
      const first = await dialRelay(fleet.relays[0], digest)
      const looksBefore = await looks(fleet)
      const answer = alice.activate(bytestream)
      // By its fifth look it has waited for 375 ms.
      await until('control has looked five times', async () => (await looks(fleet)) >= looksBefore + 5)
      using pair = pairOf([first, await dialRelay(fleet.relays[second], digest)])
      assert.equal(verdict(await answer), 'result')
      await exchange(pair)
    }
  })
})

describe('An activation by somebody who is not on the allow list', () => {
  it('is forbidden, as is the address, and not a byte is relayed', async () => {
    await using fleet = await startFleet({ relays: 2, control: { allow: 'bob@example.test' } })
    await using alice = await logInRequester(fleet)
    await using bob = await logInRequester(fleet, { user: 'bob' })
    const query = xml('query', { xmlns: ns.bytestreams })
    assert.equal(verdict(await bob.ask('get', query)), 'result')
    assert.equal(verdict(await alice.ask('get', query)), 'forbidden auth')

    const { digest, ...bytestream } = agree(alice.jid)
    using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
    for (const socket of [pair.first, pair.second]) socket.write('early')
    assertRefused(await alice.activate(bytestream), 'forbidden auth', bytestream.sid)
    // Nor may somebody who is on the list activate it for her: to him it is another bytestream.
    assertRefused(await bob.activate(bytestream), 'item-not-found cancel', bytestream.sid)

    assert.equal(await sample(fleet.relays, 'splice65_half_connections_waiting'), 2)
    assert.equal(await sample(fleet.relays, 'splice65_relayed_bytes_total'), 0)
    assert.equal(await sample(fleet.relays, 'splice65_leg_bytes_total'), 0)
    assert.deepEqual([pair.first.bytesRead, pair.second.bytesRead], [handshakeBytes, handshakeBytes])
  })
})

/** Method and answer of a SOCKS5 handshake that names a digest. */
const handshakeBytes = 2 + 47

function assertRefused(answer: Element | undefined, expected: string, sid: string | undefined): void {
  assert.ok(answer)
  assert.equal(verdict(answer), expected, String(answer))
  const query = answer.getChild('query', ns.bytestreams)
  assert.ok(query, 'the query is echoed')
  assert.equal(attribute(query, 'sid'), sid)
}

/** How often control has looked into the registry for the halves of an activation. */
function looks(fleet: Fleet): Promise<number> {
  const labels = { operation: 'claim-activation' }
  return sample(fleet.control, 'splice65_registry_request_duration_seconds_count', labels)
}
