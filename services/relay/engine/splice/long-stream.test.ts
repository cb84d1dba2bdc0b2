import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openEngineClients } from '../../../../test/support/engine-clients.ts'
import { moveExactly } from '../../../../test/support/move-exactly.ts'
import { SpliceEngine } from './engine.ts'

it('a splice engine moves 10 GiB exactly, and counts past 32 bits', { timeout: 170_000 }, async () => {
  const onCrash = (error: Error) => assert.fail(error)
  const engine = new SpliceEngine({ budget: { bytes: 8 << 20, pipes: 64 }, workers: 1, userTimeoutMs: 0, onCrash })
  await using clients = await openEngineClients(engine)
  await moveExactly(await clients.join(), 10 * 1024 ** 3)
  await engine.stop()
})
