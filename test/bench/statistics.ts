/** The middle of the values; of an even number the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (upper + lower) / 2
}

/** The least and the greatest of the values. */
export interface Spread {
  readonly min: number
  readonly max: number
}

/** How far the values spread. */
export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), max: Math.max(...values) }
}

/** The value below which 99 of 100 lie; NaN of none. */
export function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? Number.NaN
}

/** Combines two series round by round, as far as both go: a machine that slows down slows both of one round. */
export function byRound(
  ours: readonly number[],
  theirs: readonly number[],
  combine: (ours: number, theirs: number) => number,
): number[] {
  return ours.slice(0, theirs.length).map((value, round) => combine(value, theirs[round] ?? Number.NaN))
}

/** How much a series grew: the median of its last quarter over that of its first quarter; NaN of none. */
export function growthOf(samples: readonly number[]): number {
  const quarter = Math.max(1, Math.floor(samples.length / 4))
  return median(samples.slice(-quarter)) / median(samples.slice(0, quarter))
}
