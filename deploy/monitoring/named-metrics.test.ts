import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { metricsNamedIn, unknownMetricsIn } from './named-metrics.ts'

describe('metricsNamedIn()', () => {
  it('finds metrics and records, once each, and nothing in the values of labels', () => {
    const query =
      'sum(rate(splice65_a_total{x="splice65_not"}[5m])) / splice65_a_total + namespace_job:splice65_b:rate5m'
    assert.deepEqual(metricsNamedIn(query), ['splice65_a_total', 'namespace_job:splice65_b:rate5m'])
  })
})

describe('unknownMetricsIn()', () => {
  it('knows the series of a histogram by its name, and no others by theirs', () => {
    const known = [
      { name: 'splice65_h_seconds', type: 'histogram' },
      { name: 'splice65_g', type: 'gauge' },
    ]
    const query = 'splice65_h_seconds_bucket + splice65_g + splice65_g_bucket + splice65_h_second'
    assert.deepEqual(unknownMetricsIn(query, known), ['splice65_g_bucket', 'splice65_h_second'])
  })
})
