import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { promtool } from './promtool.ts'
import { runForMetrics } from './service-metrics.ts'

describe('The metrics of the services', () => {
  it('keep the conventions of Prometheus', async () => {
    await using services = await runForMetrics()
    for (const metrics of [services.relay, services.control]) {
      assert.equal(await promtool(['check', 'metrics'], await metrics.metrics()), '')
    }
  })
})
