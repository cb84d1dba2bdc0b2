import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { openEngineClients } from '../../../../test/support/engine-clients.ts'
import { readToEnd } from '../../../../test/support/socks-client.ts'
import { until } from '../../../../test/support/until.ts'
import { SpliceEngine } from './engine.ts'
import type { PipeBudget } from './pipe-pool.ts'

const bytes = randomBytes(8_000_000)

async function start(budget: PipeBudget) {
  const stack = new AsyncDisposableStack()
  const onCrash = (error: Error) => assert.fail(error)
  const engine = stack.adopt(new SpliceEngine({ budget, workers: 2, userTimeoutMs: 0, onCrash }), (it) => it.stop())
  const clients = stack.use(await openEngineClients(engine))
  return { engine, clients, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('SpliceEngine.load()', () => {
  it('counts a pipe as lent while a receiver leaves bytes in it, and as idle afterwards', async () => {
    const budget = { bytes: 8 << 20, pipes: 16 }
    await using it = await start(budget)
    const { pipesMax, pipeBudgetBytes } = it.engine.load()
    assert.deepEqual({ pipes: pipesMax, bytes: pipeBudgetBytes }, budget)
    const { a, b, flow } = await it.clients.join()
    a.end(bytes)
    await until('its receiver takes no more', () => it.engine.load().pipesLent === 1)
    const stuck = it.engine.load()
    assert.ok(stuck.pipeBytesLent >= 64 * 1024, `${stuck.pipeBytesLent} bytes lent`)

    assert.ok((await readToEnd(b)).equals(bytes))
    b.end()
    await flow.ended
    await until('its pipe lies idle', () => it.engine.load().pipesLent === 0)
    const after = it.engine.load()
    assert.equal(after.pipeBytesLent, 0)
    assert.ok(after.pipeBytesIdle >= stuck.pipeBytesLent)
    assert.equal(after.copiedBytes, 0)
  })

  it('counts the bytes that it copies where there is no pipe, and how often they waited for one', async () => {
    await using it = await start({ bytes: 0, pipes: 2 })
    const { a, b, flow } = await it.clients.join()
    a.end(bytes)
    assert.ok((await readToEnd(b)).equals(bytes))
    b.end()
    await flow.ended
    await until('every byte is counted', () => it.engine.load().copiedBytes === bytes.length)
    const { pipeWaits, pipesLent, pipeBytesIdle } = it.engine.load()
    assert.ok(pipeWaits > 0)
    assert.deepEqual([pipesLent, pipeBytesIdle], [0, 0])
  })
})
