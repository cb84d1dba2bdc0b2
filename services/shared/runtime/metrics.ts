import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { version } from './version.ts'

/** What `/metrics` shows: the process's own figures, `splice65_build_info`, and whatever a service adds. */
export type Metrics = Registry

/** Builds the metric registry of one service. `ofProcess: false` leaves the figures of the process out. */
export function createMetrics(service: string, options: { ofProcess?: boolean } = {}): Metrics {
  const metrics = new Registry()
  if (options.ofProcess !== false) collectDefaultMetrics({ register: metrics })
  new Gauge({
    name: 'splice65_build_info',
    help: 'Always 1; the labels tell which build this is.',
    labelNames: ['service', 'version'],
    registers: [metrics],
  }).set({ service, version }, 1)
  return metrics
}
