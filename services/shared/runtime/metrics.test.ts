import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMetrics } from './metrics.ts'

describe('createMetrics()', () => {
  it('has the figures of the process, and no gauge under the name of a counter', async () => {
    const text = await createMetrics('relay').metrics()
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_active_resources']) {
      assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'))
    }
    assert.doesNotMatch(text, /^# TYPE \w+_total gauge$/m)
    assert.match(text, /^splice65_build_info\{service="relay",version="[\d.]+"\} 1$/m)
  })
})
