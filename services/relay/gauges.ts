import { Gauge } from 'prom-client'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { Bytestream } from './bytestream.ts'
import type { EngineLoad } from './engine/engine.ts'
import { exposeEngine } from './engine-metrics.ts'
import type { RelayedTotals } from './relayed-bytes.ts'

/** What a relay holds now, read when somebody scrapes. */
export interface RelayGauges {
  readonly waiting: () => number
  /** Those of all relays. */
  readonly fleetWaiting: () => number
  readonly sockets: () => number
  readonly capacity: () => number
  /** When the drain began, in milliseconds since 1970; undefined while nothing drains. */
  readonly drainingSince: () => number | undefined
  /** Whether this relay has a listener of its own and no address for it. */
  readonly addressMissing: () => boolean
  readonly engine: () => EngineLoad
  /** The live bytestreams. */
  readonly bytestreams: () => readonly Bytestream[]
  readonly relayed: () => RelayedTotals
}

/** What does not change while a relay runs. */
export interface RelayTerms {
  readonly engine: string
  /** The longest that a drain before the end takes. */
  readonly drainTimeoutMs: number
  readonly maxFleetWaiting: number
}

/** Registers the gauges of a relay. */
export function exposeGauges(gauges: RelayGauges, terms: RelayTerms, metrics: Metrics): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(value())
      },
    })
  gauge('splice65_half_connections_waiting', 'Half-connections that wait for their other half.', gauges.waiting)
  gauge(
    'splice65_fleet_half_connections_waiting',
    'Half-connections that wait on all relays together, as this relay last heard.',
    gauges.fleetWaiting,
  )
  gauge(
    'splice65_fleet_half_connections_max',
    'Half-connections that may wait on all relays together.',
    () => terms.maxFleetWaiting,
  )
  gauge('splice65_sockets_open', 'Sockets of clients and trunks now, handshakes included.', gauges.sockets)
  gauge('splice65_sockets_max', 'Sockets of clients and trunks this relay takes at most.', gauges.capacity)
  gauge(
    'splice65_public_address_missing',
    '1 while this relay has a listener of its own and clients cannot be told an address for it.',
    () => Number(gauges.addressMissing()),
  )
  gauge('splice65_draining', '1 while the relay drains.', () => Number(gauges.drainingSince() !== undefined))
  gauge(
    'splice65_drain_started_timestamp_seconds',
    'When the drain began, in seconds since 1970; 0 while the relay does not drain.',
    () => (gauges.drainingSince() ?? 0) / 1_000,
  )
  gauge(
    'splice65_drain_timeout_seconds',
    'How long a drain at the end of the process may take.',
    () => terms.drainTimeoutMs / 1_000,
  )
  exposeEngine(gauges.engine, terms.engine, metrics)
  new Gauge({
    name: 'splice65_bytestreams_active',
    help: 'Bytestreams that run now, by path; a leg belongs to another relay’s bytestream.',
    labelNames: ['path'],
    registers: [metrics],
    collect() {
      const count = { local: 0, handoff: 0, leg: 0 }
      for (const { facts } of gauges.bytestreams()) count[facts.path] += 1
      for (const [path, live] of Object.entries(count)) this.set({ path }, live)
    },
  })
}
