import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { version } from './version.ts'

/** What `/metrics` shows: the process's own figures, `splice65_build_info`, and whatever a service adds. */
export type Metrics = Registry

/** Gauges of prom-client that call themselves counters; each is also there by type, under a name without `_total`. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** Builds the metric registry of one service. `ofProcess: false` leaves the figures of the process out. */
export function createMetrics(service: string, options: { ofProcess?: boolean } = {}): Metrics {
  const metrics = new Registry()
  if (options.ofProcess !== false) {
    collectDefaultMetrics({ register: metrics })
    for (const name of misnamed) metrics.removeSingleMetric(name)
  }
  new Gauge({
    name: 'splice65_build_info',
    help: 'Always 1; the labels tell which build this is.',
    labelNames: ['service', 'version'],
    registers: [metrics],
  }).set({ service, version }, 1)
  return metrics
}
