import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { KeptService } from './stage.ts'
import { judge, type Sample, type Tolerance, type Verdict } from './verdict.ts'

/** A figure that has to stay flat. */
export interface Kind {
  readonly name: string
  readonly unit: string
  readonly tolerance: Tolerance
}

/** A figure of one process, and what it was at which time. */
export interface Series {
  readonly process: string
  readonly kind: Kind
  readonly samples: readonly Sample[]
}

/** A series, judged from a time on. */
export interface Judged extends Series {
  readonly verdict: Verdict
}

const mib = 1024 * 1024

/** A figure that a service tells of itself at `/metrics`. */
interface ServiceKind extends Kind {
  /** Its value, from the lines of the metrics that are no comments; the lag is that of this process at the same time. */
  readonly read: (lines: readonly string[], ourLagMs: number) => number
}

const serviceKinds: readonly ServiceKind[] = [
  {
    name: 'resident memory',
    unit: 'MiB',
    tolerance: { share: 0.15, amount: 20 },
    read: (lines) => sumOf(lines, 'process_resident_memory_bytes') / mib,
  },
  {
    name: 'heap in use',
    unit: 'MiB',
    tolerance: { share: 0.1, amount: 4 },
    read: (lines) => sumOf(lines, 'nodejs_heap_size_used_bytes') / mib,
  },
  {
    name: 'descriptors',
    unit: '',
    // The pipes of the splice engine stay: as many as have been in use at once.
    tolerance: { share: 0.1, amount: 100 },
    // How many sockets clients have is for the load to say; those of nobody show when it is over.
    read: (lines) => sumOf(lines, 'process_open_fds') - sumOf(lines, 'splice65_sockets_open'),
  },
  {
    name: 'timers, sockets, …',
    unit: '',
    tolerance: { share: 0.2, amount: 20 },
    read: (lines) => sumOf(lines, 'nodejs_active_resources'),
  },
  {
    // A label shows at the first event that has it; what grows with input grows by thousands.
    name: 'metric series',
    unit: '',
    tolerance: { share: 0.1, amount: 60 },
    read: (lines) => lines.length,
  },
  {
    // What the machine's other work adds, it adds to this process too. The last percent would tell of nothing else.
    name: 'event-loop lag, p90, over ours',
    unit: 'ms',
    tolerance: { share: 1, amount: 20 },
    read: (lines, ourLagMs) => Math.max(0, sumOf(lines, 'nodejs_eventloop_lag_p90_seconds') * 1_000 - ourLagMs),
  },
]

/**
 * Keys of Redis; most are tombstones of bytestreams that ended within the last minute, so that their number goes with
 * the load, which a busy machine holds back.
 */
export const keysKind: Kind = { name: 'keys', unit: '', tolerance: { share: 1, amount: 500 } }
/** Keys of Redis that would stay for ever if nobody deleted them. */
export const lastingKeysKind: Kind = { name: 'keys without expiry', unit: '', tolerance: { share: 0, amount: 2 } }

/** Collects samples. Whoever makes it disposes of it. */
export class Figures implements Disposable {
  readonly #series = new Map<string, Series & { readonly samples: Sample[] }>()
  readonly #ourLag = monitorEventLoopDelay()

  constructor() {
    this.#ourLag.enable()
  }

  /**
   * Notes what these services say of themselves now. Their garbage is collected first: when V8 does so by itself, the
   * heap's saw teeth are longer than a short run, and higher than a leak. Throws when one says nothing.
   */
  async look(services: readonly Pick<KeptService, 'name' | 'metrics' | 'collectGarbage'>[]): Promise<void> {
    const ourLagMs = this.#ourLag.percentile(90) / 1e6
    this.#ourLag.reset()
    for (const service of services) {
      await service.collectGarbage()
      const text = await service.metrics()
      const atMs = performance.now()
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      for (const kind of serviceKinds) this.add(service.name, kind, { atMs, value: kind.read(lines, ourLagMs) })
    }
  }

  add(process: string, kind: Kind, sample: Sample): void {
    const name = `${process} ${kind.name}`
    const series = this.#series.get(name) ?? { process, kind, samples: [] }
    this.#series.set(name, series)
    series.samples.push(sample)
  }

  /** Every series, judged by its samples from this time on. */
  judged(fromMs: number): Judged[] {
    return [...this.#series.values()].map((series) => {
      const samples = series.samples.filter(({ atMs }) => atMs >= fromMs)
      return { ...series, samples, verdict: judge(samples, series.kind.tolerance) }
    })
  }

  [Symbol.dispose](): void {
    this.#ourLag.disable()
  }
}

function sumOf(lines: readonly string[], metric: string): number {
  let sum = 0
  for (const line of lines) {
    if (line.startsWith(`${metric} `) || line.startsWith(`${metric}{`)) sum += Number(line.slice(line.lastIndexOf(' ')))
  }
  return sum
}
