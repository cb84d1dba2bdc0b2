import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeMetrics } from './metrics-page.ts'
import { promtool } from './promtool.ts'
import { runForMetrics } from './service-metrics.ts'

/** Labels whose values are a closed set, or bounded by the fleet. A new one belongs here only if it is, too. */
const boundedLabels = new Set([
  ...['outcome', 'reason', 'path', 'half', 'result', 'state', 'kind', 'operation', 'method', 'limit'],
  ...['engine', 'service', 'version', 'streamhost'],
  ...['by', 'dependency', 'direction', 'held', 'resumed', 'status', 'verdict'],
  ...['type', 'space', 'major', 'minor', 'patch'],
])

describe('The metrics of the services', () => {
  it('keep the conventions of Prometheus', async () => {
    await using services = await runForMetrics()
    for (const metrics of [services.relay, services.control, services.courier]) {
      assert.equal(await promtool(['check', 'metrics'], await metrics.metrics()), '')
    }
  })

  it('have no label that grows with what clients send', async () => {
    await using services = await runForMetrics()
    for (const { name, labels } of [services.relay, services.control, services.courier].flatMap(describeMetrics)) {
      for (const label of labels) assert.ok(boundedLabels.has(label), `${name} has the label ${label}`)
    }
  })
})
