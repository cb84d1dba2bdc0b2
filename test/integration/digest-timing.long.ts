import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Fleet, startFleet } from '../../deploy/local/fleet.ts'
import type { Digest } from '../../services/shared/bytestream/digest.ts'
import { freshDigest } from '../support/relays.ts'
import { connectRequest, dialHalf, greeting, readUpTo } from '../support/socks-client.ts'

const batches = 25
const probesOfBatch = 200
/** What two samples of the same differ by on a busy machine; a look-up more would be a multiple of it. */
const alike = 0.15

/**
 * Whoever guesses digests must not learn from an answer, or from when it comes, whether somebody waits for that one. The
 * two kinds of guesses take turns, so that whatever else the machine does meets both alike; what is judged is a ratio.
 */
describe('An answer to a guessed digest', () => {
  let fleet: Fleet
  before(async () => {
    fleet = await startFleet({ relays: 1 })
  })
  after(() => fleet?.stop())

  it('says the same as soon, whether somebody waits for it or not', async (test: TestContext) => {
    const port = fleet.relays[0]?.socks['']?.port ?? assert.fail('there is no relay')
    const known: number[] = []
    const unknown: number[] = []
    for (let batch = 0; batch < batches; batch++) {
      const waiting = await Promise.all(Array.from({ length: probesOfBatch }, () => waitFor(port)))
      for (const [index, { digest }] of waiting.entries()) {
        const guesses = [
          async () => void known.push(await probe(port, digest)),
          async () => void unknown.push(await probe(port, freshDigest())),
        ]
        if (index % 2 === 1) guesses.reverse()
        for (const guess of guesses) await guess()
      }
      // A FIN would leave the half waiting for ten seconds more, and there is room for so many.
      for (const { socket } of waiting) socket.resetAndDestroy()
    }
    const ratio = median(known) / median(unknown)
    test.diagnostic(`${known.length} of each; known to unknown, by their medians: ${ratio.toFixed(3)}`)
    assert.ok(Math.abs(ratio - 1) < alike, `the one takes ${ratio.toFixed(3)} times as long as the other`)
  })
})

/** A half that waits for its other one. */
async function waitFor(port: number) {
  const digest = freshDigest()
  const { socket, rep } = await dialHalf(port, digest)
  assert.equal(rep, 0)
  return { digest, socket }
}

/** Milliseconds from the CONNECT to its answer, which must be the one that everybody gets. */
async function probe(port: number, digest: Digest): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(greeting)
  await readUpTo(socket, 2)
  const begun = performance.now()
  socket.write(connectRequest(digest))
  const reply = await readUpTo(socket, 47)
  const took = performance.now() - begun
  assert.deepEqual(reply, Buffer.concat([Buffer.from([5, 0]), connectRequest(digest).subarray(2)]))
  socket.resetAndDestroy()
  return took
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
