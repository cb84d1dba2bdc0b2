import { Counter } from 'prom-client'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { Bytestream } from './bytestream.ts'

/** Bytes relayed since the start of the relay, by the half of its own bytestreams they came from; and in legs. */
export interface RelayedTotals {
  readonly first: number
  readonly second: number
  readonly leg: number
}

/** Bytes relayed by all bytestreams, live ones included: what ended is kept as a sum, what runs is read when asked. */
export class RelayedBytes {
  #ended: RelayedTotals = { first: 0, second: 0, leg: 0 }

  /** Adds a bytestream that has ended. */
  keep(bytestream: Bytestream): void {
    this.#ended = sum(this.#ended, bytestream)
  }

  /** The totals, with those that run. */
  with(live: Iterable<Bytestream>): RelayedTotals {
    let totals = this.#ended
    for (const bytestream of live) totals = sum(totals, bytestream)
    return totals
  }
}

/** Registers the counters of the bytes. */
export function exposeRelayedBytes(totals: () => RelayedTotals, metrics: Metrics): void {
  new Counter({
    name: 'splice65_relayed_bytes_total',
    help: 'Bytes relayed in bytestreams owned by this relay, by the half they came from.',
    labelNames: ['half'],
    registers: [metrics],
    collect() {
      const { first, second } = totals()
      this.reset()
      this.inc({ half: 'first' }, first)
      this.inc({ half: 'second' }, second)
    },
  })
  new Counter({
    name: 'splice65_leg_bytes_total',
    help: 'Bytes carried for bytestreams that other relays own.',
    registers: [metrics],
    collect() {
      this.reset()
      this.inc(totals().leg)
    },
  })
}

function sum({ first, second, leg }: RelayedTotals, { bytes, facts }: Bytestream): RelayedTotals {
  const { fromFirst, fromSecond } = bytes
  if (facts.path === 'leg') return { first, second, leg: leg + fromFirst + fromSecond }
  return { first: first + fromFirst, second: second + fromSecond, leg }
}
