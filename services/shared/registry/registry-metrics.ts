import { Counter, Gauge, Histogram } from 'prom-client'
import type { Metrics } from '../runtime/metrics.ts'
import { type RecordFault, type RecordKind, recordFaults, recordKinds } from './records.ts'
import type { Registry } from './registry.ts'
import type { ScriptName } from './scripts.ts'

/** How a service tells of its registry. */
export interface RegistryMetrics {
  /** One request has ended. */
  answered(operation: ScriptName, outcome: 'ok' | 'error', seconds: number): void
  /** A record in it could not be read. */
  unreadable(kind: RecordKind, fault: RecordFault): void
  /** Shows, from now on, whether the registry can be reached. */
  watch(registry: Pick<Registry, 'reachable'>): void
}

/** Registers the registry's metrics. Those of `operations` exist from the start, so that their rates do too. */
export function createRegistryMetrics(metrics: Metrics, operations: readonly ScriptName[]): RegistryMetrics {
  const duration = new Histogram({
    name: 'splice65_registry_request_duration_seconds',
    help: 'How long the registry took to answer, by operation.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
    registers: [metrics],
  })
  for (const operation of operations) for (const outcome of ['ok', 'error']) duration.zero({ operation, outcome })
  const unreadable = new Counter({
    name: 'splice65_registry_records_refused_total',
    help: 'Records in the registry that were refused: of a version that this release does not know, or malformed.',
    labelNames: ['kind', 'reason'],
    registers: [metrics],
  })
  for (const kind of recordKinds) for (const reason of recordFaults) unreadable.inc({ kind, reason }, 0)
  return {
    unreadable: (kind, reason) => unreadable.inc({ kind, reason }),
    answered: (operation, outcome, seconds) => duration.observe({ operation, outcome }, seconds),
    watch(registry) {
      new Gauge({
        name: 'splice65_registry_up',
        help: '1 while the registry can be reached, else 0.',
        registers: [metrics],
        collect() {
          this.set(Number(registry.reachable))
        },
      })
    },
  }
}
