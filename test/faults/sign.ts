import type { ServiceProcess } from '../../deploy/local/service.ts'
import { until } from '../support/until.ts'

type Service = 'relay' | 'control'

/** What an operator can see of a fault. */
export type Sign =
  /** A log line whose message begins so. */
  | { readonly by: Service; readonly log: string }
  /** A counter that rises: `splice65_handoffs_total{outcome="failed"}`. Or another, where two relays race to see it. */
  | { readonly by: Service; readonly counts: string; readonly orCounts?: string }
  /** A process that ends without being asked to. */
  | { readonly by: Service; readonly ends: string }
  /** Nothing of splice65's own: it goes on as if nothing were. */
  | 'nothing'

/** The processes that can show signs, those that have ended included. */
export type Witnesses = (service: Service) => readonly ServiceProcess[]

/** A sign as the page of failures has it. */
export function describeSign(sign: Sign): string {
  if (sign === 'nothing') return 'nothing: it goes on'
  if ('log' in sign) return `${sign.by} logs “${sign.log}”`
  if ('counts' in sign) {
    const series = [sign.counts, sign.orCounts].filter((each) => each !== undefined)
    return `${sign.by} counts ${series.map((each) => `\`${each}\``).join(' or ')}`
  }
  return `${sign.by} ${sign.ends}`
}

/** Watches for a sign from now on. What it returns resolves to whether the sign has come, or comes within 10 s. */
export async function watchFor(sign: Sign, witnesses: Witnesses): Promise<() => Promise<boolean>> {
  if (sign === 'nothing') return async () => true
  const read = async () => {
    const all = witnesses(sign.by)
    if ('log' in sign)
      return sum(all.map((it) => it.lines().filter(({ msg }) => String(msg).startsWith(sign.log)).length))
    if ('ends' in sign) return sum(await Promise.all(all.map(async (it) => Number(await hasEnded(it)))))
    // A process that ends takes its count along: the count of the others must not seem to fall.
    const series = [sign.counts, sign.orCounts].filter((each) => each !== undefined)
    return sum(await Promise.all(all.flatMap((it) => series.map((each) => counted(it, each)))))
  }
  const before = await read()
  return async () => {
    try {
      await until('the sign is there', async () => (await read()) > before, { timeoutMs: 10_000, everyMs: 100 })
      return true
    } catch {
      return false
    }
  }
}

const lastCounts = new WeakMap<ServiceProcess, Map<string, number>>()

async function counted(service: ServiceProcess, series: string): Promise<number> {
  const known = lastCounts.get(service) ?? new Map<string, number>()
  lastCounts.set(service, known)
  try {
    const text = await service.metrics({ timeoutMs: 1_000 })
    const [name, labels = ''] = series.split(/[{}]/)
    const wanted = labels.split(',').filter((label) => label !== '')
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    const matching = lines.filter((line) => wanted.every((label) => line.includes(label)))
    known.set(series, sum(matching.map((line) => Number(line.split(' ').at(-1)))))
  } catch {
    // It is gone or hangs: what it last said stands.
  }
  return known.get(series) ?? 0
}

async function hasEnded(service: ServiceProcess): Promise<boolean> {
  return (await Promise.race([service.exited, 'running'])) !== 'running'
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
