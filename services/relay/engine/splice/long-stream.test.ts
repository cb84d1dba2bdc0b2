import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { it } from 'node:test'
import { openEngineClients } from '../../../../test/support/engine-clients.ts'
import { SpliceEngine } from './engine.ts'

/** A prime: no shift by pages or buffers goes unnoticed. */
const PERIOD = 1_048_573
const TOTAL = 10 * 1024 ** 3

it('a splice engine moves 10 GiB exactly, and counts past 32 bits', { timeout: 170_000 }, async () => {
  const onCrash = (error: Error) => assert.fail(error)
  const engine = new SpliceEngine({ budget: { bytes: 8 << 20, pipes: 64 }, workers: 1, userTimeoutMs: 0, onCrash })
  await using clients = await openEngineClients(engine)
  const { a, b, flow } = await clients.join()
  const period = randomBytes(PERIOD)
  const pattern = Buffer.concat([period, period])

  let received = 0
  b.on('data', (chunk: Buffer) => {
    const at = received % PERIOD
    if (chunk.compare(pattern, at, at + chunk.length) !== 0) a.destroy(new Error(`wrong bytes after ${received}`))
    received += chunk.length
  })
  const end = once(b, 'end')
  for (let sent = 0; sent < TOTAL; ) {
    const size = Math.min(PERIOD, TOTAL - sent)
    sent += size
    if (!a.write(pattern.subarray(0, size))) await once(a, 'drain')
  }
  a.end()
  await end
  b.end()
  assert.deepEqual(await flow.ended, { how: 'finished' })
  assert.equal(received, TOTAL)
  assert.deepEqual(flow.progress().fromFirst, { bytes: TOTAL, blocked: false })
  await engine.stop()
})
