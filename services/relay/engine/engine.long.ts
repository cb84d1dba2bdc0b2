import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type EngineClients, openEngineClients } from '../../../test/support/engine-clients.ts'
import { moveExactly } from '../../../test/support/move-exactly.ts'
import { readUpTo } from '../../../test/support/socks-client.ts'
import { until } from '../../../test/support/until.ts'
import type { Engine } from './engine.ts'
import { SpliceEngine } from './splice/engine.ts'
import { streamEngine } from './stream.ts'

const LARGEST = 200_000

const engines: Record<string, () => Engine> = {
  splice: () =>
    new SpliceEngine({
      budget: { bytes: 8 << 20, pipes: 64 },
      workers: 1,
      userTimeoutMs: 0,
      onCrash: (error) => assert.fail(error),
    }),
  stream: () => streamEngine,
}

// What `npm test` takes samples of, in full: minutes of work (`npm run test:long`).
for (const [name, open] of Object.entries(engines)) {
  describe(`The ${name} engine`, () => {
    let engine: Engine
    let clients: EngineClients

    before(async () => {
      engine = open()
      clients = await openEngineClients(engine)
    })
    after(async () => {
      await clients[Symbol.asyncDispose]()
      await engine.stop()
    })

    it('delivers the last byte of every size from 1 to 200 000 without a FIN', async () => {
      const { a, b, flow } = await clients.join()
      const source = randomBytes(LARGEST)
      for (let size = 1; size <= LARGEST; size++) {
        const bytes = source.subarray(LARGEST - size)
        a.write(bytes)
        assert.ok((await readUpTo(b, size)).equals(bytes), `${size} bytes`)
      }
      const total = (LARGEST * (LARGEST + 1)) / 2
      await until('all is counted', () => flow.progress().fromFirst.bytes === total)
      flow.abort()
      await flow.ended
    })

    it('moves 10 GiB exactly', async () => {
      await moveExactly(await clients.join(), 10 * 1024 ** 3)
    })
  })
}
