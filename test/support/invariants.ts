import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Redis } from 'ioredis'
import type { ServiceProcess } from '../../deploy/local/service.ts'
import { openDescriptors } from './descriptors.ts'

/** What of a process must come back to where it was. */
interface Figures {
  readonly sockets: number
  /** Eventfds, epolls, files: all descriptors but sockets, and pipes, which are pooled. */
  readonly others: number
  readonly series: number
  readonly timers: number
}

/** So many series of closed sets of labels may appear at their first use: an operation, with an outcome. */
const seriesToCome = 200
/** Timers that are there or not from one moment to the next: of calls, of reconnects. */
const passingTimers = 12
const settleTimeoutMs = 60_000
const roomKey = /^splice65:\{[0-9a-f]{40}\}:/
const tombstoneMs = 60_000
/** A half’s lease is 30 s: one with more left than this was renewed a moment ago. */
const renewedMs = 28_000

/**
 * What must hold when nothing happens: nobody waits, nothing runs, and descriptors, timers, metric series, keys in
 * Redis, processes and temporary files are back at the baseline. A process that has come since has its own.
 */
export class Invariants {
  readonly #processes: () => readonly ServiceProcess[]
  readonly #redis: Redis
  readonly #baselines = new Map<number, Figures>()
  #children = 0
  #files = 0

  private constructor(processes: () => readonly ServiceProcess[], redisUrl: string) {
    this.#processes = processes
    this.#redis = new Redis(redisUrl)
    this.#redis.on('error', () => {})
  }

  /** Takes the baseline. `processes` gives those that run at any time; whoever takes it stops it. */
  static async take(processes: () => readonly ServiceProcess[], redisUrl: string): Promise<Invariants> {
    const invariants = new Invariants(processes, redisUrl)
    await invariants.#settle(() => invariants.#atWork())
    for (const process of processes()) invariants.#baselines.set(process.pid, await figuresOf(process))
    invariants.#children = children()
    invariants.#files = temporaryFiles()
    return invariants
  }

  /** What does not hold, one sentence each, after it had time to settle. */
  async breaches(): Promise<string[]> {
    return this.#settle(async () => [
      ...(await this.#atWork()),
      ...(await this.#offBaseline()),
      ...(await this.#strayKeys()),
      ...more('child processes', children(), this.#children),
      ...more('temporary folders', temporaryFiles(), this.#files),
    ])
  }

  stop(): void {
    this.#redis.disconnect()
  }

  async #settle(check: () => Promise<string[]>): Promise<string[]> {
    const deadlineMs = performance.now() + settleTimeoutMs
    for (;;) {
      const breaches = await check()
      if (breaches.length === 0 || performance.now() > deadlineMs) return breaches
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async #atWork(): Promise<string[]> {
    const gauges = ['half_connections_waiting', 'sockets_open', 'bytestreams_active', 'pipes_lent']
    const found: string[] = []
    for (const process of this.#processes()) {
      const text = await process.metrics()
      for (const gauge of gauges) {
        const value = total(text, `splice65_${gauge}`)
        if (value !== 0) found.push(`${process.name} has splice65_${gauge} ${value}`)
      }
    }
    return found
  }

  async #offBaseline(): Promise<string[]> {
    const found: string[] = []
    for (const process of this.#processes()) {
      const now = await figuresOf(process)
      const baseline = this.#baselines.get(process.pid)
      if (!baseline) {
        this.#baselines.set(process.pid, now)
        continue
      }
      // Control and a relay hold a connection to every relay of the last minute that they have called.
      found.push(
        ...more(`sockets of ${process.name}`, now.sockets, baseline.sockets + 4),
        ...more(`other descriptors of ${process.name}`, now.others, baseline.others),
        ...more(`metric series of ${process.name}`, now.series, baseline.series + seriesToCome),
        ...more(`timers of ${process.name}`, now.timers, baseline.timers + passingTimers),
      )
    }
    return found
  }

  /** Every key has an end; a room is a tombstone within a minute, or halves that nobody has and nobody renews. */
  async #strayKeys(): Promise<string[]> {
    const found: string[] = []
    for (const key of await this.#redis.keys('splice65:*').catch(() => [])) {
      const ttlMs = await this.#redis.pttl(key)
      if (ttlMs === -1) found.push(`${key} is kept for ever`)
      // Of an account or of the relays: these outlive a bytestream.
      if (!roomKey.test(key) || (await this.#redis.type(key)) !== 'hash') continue
      if (ttlMs > tombstoneMs) found.push(`${key} is kept for ${ttlMs} ms`)
      if (ttlMs <= renewedMs || (await this.#redis.hexists(key, 'tombstone')) === 1) continue
      found.push(`${key} is renewed, and nobody waits in it`)
    }
    return found
  }
}

async function figuresOf(process: ServiceProcess): Promise<Figures> {
  const text = await process.metrics()
  const kinds = [...openDescriptors(process.pid)]
  const count = (which: (kind: string) => boolean) =>
    kinds.reduce((sum, [kind, open]) => sum + (which(kind) ? open : 0), 0)
  // A relay remembers each room for a minute, by a timer.
  const remembered = total(text, 'splice65_bytestreams_total') + total(text, 'splice65_legs_total')
  return {
    sockets: count((kind) => kind === 'socket'),
    others: count((kind) => kind !== 'socket' && kind !== 'pipe'),
    series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
    timers: Math.max(0, total(text, 'nodejs_active_resources{type="Timeout"}') - remembered),
  }
}

function total(metrics: string, series: string): number {
  const lines = metrics.split('\n').filter((line) => {
    const rest = line.slice(series.length)
    return line.startsWith(series) && (rest.startsWith('{') || rest.startsWith(' '))
  })
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

function more(what: string, now: number, before: number): string[] {
  return now > before ? [`${now} ${what}, ${before} at the most before`] : []
}

/** Processes below this one, at any depth. */
function children(): number {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended while we looked.
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid)
    return parent !== undefined && (parent === process.pid || isOurs(parent))
  }
  return [...parents.keys()].filter(isOurs).length
}

function temporaryFiles(): number {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('splice65-')).length
}
