import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { until } from '../../test/support/until.ts'
import { temporaryFolder } from './folder.ts'
import { startPrometheus } from './prometheus.ts'

describe('startPrometheus()', () => {
  it('scrapes its targets under their labels, evaluates its rules, and answers queries', async () => {
    const server = createServer((_, response) => response.end('apples 3\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      await using folder = temporaryFolder('rules')
      const ruleFile = folder.file('rules.yaml')
      await writeFile(ruleFile, '{ groups: [{ name: fruit, rules: [{ record: "fruit:twice", expr: 2 * apples }] }] }')
      const { port } = server.address() as AddressInfo
      const targets = [{ address: `127.0.0.1:${port}`, labels: { job: 'orchard', pod: 'tree-0' } }]
      await using prometheus = await startPrometheus({ targets, ruleFiles: [ruleFile], intervalMs: 100 })

      await until('the rule has counted', async () => (await prometheus.query('fruit:twice')).length === 1)
      const [apples] = await prometheus.query('apples')
      assert.equal(apples?.value, 3)
      assert.equal(apples?.labels.job, 'orchard')
      assert.equal(apples?.labels.pod, 'tree-0')
      assert.deepEqual(
        (await prometheus.rules()).map(({ name, health }) => ({ name, health })),
        [{ name: 'fruit:twice', health: 'ok' }],
      )
      await assert.rejects(prometheus.query('sum('), /Cannot ask Prometheus for query .*parse error/)
    } finally {
      server.close()
    }
  })
})
