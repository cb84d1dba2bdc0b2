import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startFleet } from '../../deploy/local/fleet.ts'
import { agree, dialPair, exchange } from '../support/pair.ts'
import { logInRequester, verdict } from '../support/requester.ts'
import { sample } from '../support/sample.ts'
import { storyOf } from '../support/story.ts'

const unreachable = 'internal-server-error cancel'

describe('A relay that hangs', () => {
  for (const [hanging, whose] of [
    [0, 'first'],
    [1, 'second'],
  ] as const) {
    it(`with the ${whose} half costs the activation and neither half: asked again it succeeds`, async () => {
      await using fleet = await startFleet({ relays: 2 })
      await using alice = await logInRequester(fleet)
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[0], fleet.relays[1], digest)
      fleet.relays[hanging]?.kill('SIGSTOP')
      assert.equal(verdict(await alice.activate(bytestream)), unreachable)
      fleet.relays[hanging]?.kill('SIGCONT')
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      const bytes = await exchange(pair)
      const { outcome, bytesFromFirst, bytesFromSecond } = await storyOf(fleet.relays, digest)
      assert.deepEqual(
        { outcome, bytesFromFirst, bytesFromSecond },
        { outcome: 'completed', bytesFromFirst: bytes, bytesFromSecond: bytes },
      )
    })
  }
})

describe('A relay that died', () => {
  for (const [dead, whose] of [
    [0, 'first'],
    [1, 'second'],
  ] as const) {
    it(`with the ${whose} half costs the activation; the other half waits on`, async () => {
      await using fleet = await startFleet({ relays: 2 })
      await using alice = await logInRequester(fleet)
      const { digest, ...bytestream } = agree(alice.jid)
      using _ = await dialPair(fleet.relays[0], fleet.relays[1], digest)
      fleet.relays[dead]?.kill()
      await fleet.relays[dead]?.exited
      assert.equal(verdict(await alice.activate(bytestream)), unreachable)
      const living = fleet.relays.filter((_, index) => index !== dead)
      assert.equal(await sample(living, 'splice65_half_connections_waiting'), 1)
      assert.equal(await sample(living, 'splice65_bytestreams_total'), 0)
    })
  }
})
