import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Memory of this process after everything that is not needed has been collected, in bytes. */
export interface Memory {
  readonly heap: number
  readonly resident: number
}

/** Collects garbage and measures. */
export function measureMemory(): Memory {
  // What the first collection finalises, the second collects.
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

const heapGrowth = 6 << 20
const residentGrowth = 96 << 20

/** Why memory is not flat from the second measurement to the last; undefined when it is. The first quarter warms up. */
export function unevenness(measured: readonly Memory[]): string | undefined {
  const [, warm, ...rest] = measured
  const last = rest.at(-1)
  if (!warm || !last) return undefined
  if (last.heap - warm.heap > heapGrowth) return `the heap grew by ${mebibytes(last.heap - warm.heap)}`
  if (last.resident - warm.resident > residentGrowth) {
    return `resident memory grew by ${mebibytes(last.resident - warm.resident)}`
  }
  return undefined
}

/** Bytes for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
