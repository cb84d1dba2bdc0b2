import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { JoinedClients } from './engine-clients.ts'

/** A prime: no shift by pages or buffers goes unnoticed. */
const PERIOD = 1_048_573

/** Sends so many bytes through a flow and ends it. Fails unless exactly these arrive and are counted. */
export async function moveExactly({ a, b, flow }: JoinedClients, total: number): Promise<void> {
  const period = randomBytes(PERIOD)
  const pattern = Buffer.concat([period, period])
  let received = 0
  b.on('data', (chunk: Buffer) => {
    const at = received % PERIOD
    if (chunk.compare(pattern, at, at + chunk.length) !== 0) a.destroy(new Error(`wrong bytes after ${received}`))
    received += chunk.length
  })
  const end = once(b, 'end')
  for (let sent = 0; sent < total; ) {
    const size = Math.min(PERIOD, total - sent)
    sent += size
    if (!a.write(pattern.subarray(0, size))) await once(a, 'drain')
  }
  a.end()
  await end
  b.end()
  assert.deepEqual(await flow.ended, { how: 'finished' })
  assert.equal(received, total)
  assert.deepEqual(flow.progress().fromFirst, { bytes: total, blocked: false })
}
