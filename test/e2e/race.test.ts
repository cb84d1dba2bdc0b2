import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startFleet } from '../../deploy/local/fleet.ts'
import { agree, dialRelay, exchange, pairOf } from '../support/pair.ts'
import { logInRequester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { readToEnd } from '../support/socks-client.ts'
import { storyOf } from '../support/story.ts'

const clients = 100
const rounds = 5

describe('A hundred clients that race for one digest over three relays', () => {
  it('leave exactly two accepted, and the bytes of these two exact', async () => {
    await using fleet = await startFleet({ relays: 3 })
    await using alice = await logInRequester(fleet)
    for (let round = 0; round < rounds; round++) {
      const { digest, ...bytestream } = agree(alice.jid)
      const racers = Array.from({ length: clients }, (_, index) => dialRelay(fleet.relays[index % 3], digest))
      const halves = await Promise.all(racers)
      using pair = pairOf(halves.filter(({ rep }) => rep === 0))

      const refused = halves.filter(({ socket }) => socket !== pair.first && socket !== pair.second)
      assert.deepEqual(new Set(refused.map(({ rep }) => rep)), new Set([2]))
      // Not a reset: whoever was refused has read why.
      for (const { socket } of refused) {
        assert.equal((await readToEnd(socket)).length, 0)
        socket.destroy()
      }
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      const bytes = await exchange(pair, 1_000_000)
      const { outcome, bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual({ outcome, bytesFromFirst, bytesFromSecond }, told(bytes))
    }
    const handshakes = (result: string) => sample(fleet.relays, 'splice65_handshakes_total', { result })
    assert.equal(await handshakes('accepted'), rounds * 2)
    assert.equal(await handshakes('taken'), rounds * (clients - 2))
  })
})

function told(bytes: number) {
  return { outcome: 'completed', bytesFromFirst: bytes, bytesFromSecond: bytes }
}
