import { Histogram } from 'prom-client'
import type { Metrics } from '../runtime/metrics.ts'
import type { CallEnded } from './client.ts'

/** Registers the metric of the calls a service makes. Those of `methods` exist from the start, so that their rates do too. */
export function createRpcMetrics(metrics: Metrics, methods: readonly string[]): CallEnded {
  const duration = new Histogram({
    name: 'splice65_rpc_request_duration_seconds',
    help: 'How long the calls that this service makes of others took; the outcome is ok, or why they failed.',
    labelNames: ['method', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [metrics],
  })
  for (const method of methods) for (const outcome of ['ok', 'unavailable']) duration.zero({ method, outcome })
  return (method, outcome, seconds) => duration.observe({ method, outcome }, seconds)
}
