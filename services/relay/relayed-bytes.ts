import { Counter } from 'prom-client'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { Bytestream } from './bytestream.ts'

/** Bytes relayed by all bytestreams, live ones included: what ended is kept as a sum, what runs is read at the scrape. */
export class RelayedBytes {
  readonly #ended = { first: 0, second: 0, trunk: 0 }
  readonly #metrics: Metrics

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** Adds a bytestream that has ended. */
  keep(bytestream: Bytestream): void {
    addTo(this.#ended, bytestream)
  }

  /** Registers the counters; `live` gives the bytestreams that run. */
  expose(live: () => readonly Bytestream[]): void {
    const totals = () => {
      const sum = { ...this.#ended }
      for (const bytestream of live()) addTo(sum, bytestream)
      return sum
    }
    new Counter({
      name: 'splice65_relayed_bytes_total',
      help: 'Bytes relayed in bytestreams owned by this relay, by the half they came from.',
      labelNames: ['half'],
      registers: [this.#metrics],
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
      registers: [this.#metrics],
      collect() {
        this.reset()
        this.inc(totals().trunk)
      },
    })
  }
}

function addTo(sum: { first: number; second: number; trunk: number }, bytestream: Bytestream): void {
  const { fromFirst, fromSecond } = bytestream.bytes
  if (bytestream.facts.path === 'leg') sum.trunk += fromFirst + fromSecond
  else {
    sum.first += fromFirst
    sum.second += fromSecond
  }
}
