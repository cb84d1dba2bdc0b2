import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startFleet } from '../../deploy/local/fleet.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { createAuthority } from '../support/certificates.ts'
import { agree, dialPair, exchange } from '../support/pair.ts'
import { logInRequester, verdict } from '../support/requester.ts'
import { storyOf } from '../support/story.ts'

describe('A proxy whose services show one another certificates', () => {
  it('activates by gRPC and carries bytes between relays, both inside TLS', async () => {
    await using folder = temporaryFolder('mutual-tls')
    const authority = await createAuthority(folder)
    const [control, relay] = [await authority.issue('control'), await authority.issue('relay')]
    await using fleet = await startFleet({ relays: 2, control, relay: { ...relay, trunkTls: true } })
    await using alice = await logInRequester(fleet)
    for (const [first, second, path] of [
      [0, 0, 'local'],
      [0, 1, 'handoff'],
    ] as const) {
      const { digest, ...bytestream } = agree(alice.jid)
      using pair = await dialPair(fleet.relays[first], fleet.relays[second], digest)
      assert.equal(verdict(await alice.activate(bytestream)), 'result')
      const bytes = await exchange(pair, 3_000_000)
      const told = await storyOf(fleet.relays, digest)
      assert.deepEqual(
        [told.path, told.outcome, told.bytesFromFirst, told.bytesFromSecond],
        [path, 'completed', bytes, bytes],
      )
    }
  })
})
