import { median } from '../bench/statistics.ts'

/** A value at its time. */
export interface Sample {
  readonly atMs: number
  readonly value: number
}

/** How far something may have grown at the end and still be called flat: whichever of the two allows more. */
export interface Tolerance {
  /** Part of what it was at the beginning: 0.1 is a tenth. */
  readonly share: number
  /** In the unit of the samples. */
  readonly amount: number
}

/** What became of a series. `too short`: fewer samples than can be judged, which is no sign of health. */
export type Outcome = 'ok' | 'FAILED' | 'too short'

/** A series judged. */
export interface Verdict {
  /** Median of the first quarter of the samples. */
  readonly first: number
  /** Median of the last quarter. */
  readonly last: number
  /** Growth in an hour, as most pairs of samples have it. */
  readonly slopePerHour: number
  /** The most that `last` may be. */
  readonly limit: number
  readonly outcome: Outcome
}

/** With fewer samples a quarter has no middle that a single odd value could not move. */
const fewestSamples = 12
/** Pairs grow with the square of the samples; so many points tell the slope as well. */
const slopePoints = 120
const hourMs = 3_600_000

/**
 * Judges whether a series is flat. Medians of quarters are compared, which a spike, a collection of garbage or a moment
 * of trouble cannot move; a leak moves all of the last quarter.
 */
export function judge(samples: readonly Sample[], { share, amount }: Tolerance): Verdict {
  const quarter = Math.floor(samples.length / 4)
  const values = samples.map(({ value }) => value)
  const first = median(values.slice(0, quarter))
  const last = median(values.slice(values.length - quarter))
  const limit = first + Math.max(first * share, amount)
  const flat = last <= limit ? 'ok' : 'FAILED'
  return {
    first,
    last,
    slopePerHour: slopePerHour(samples),
    limit,
    outcome: samples.length < fewestSamples ? 'too short' : flat,
  }
}

/** The median of the slopes between all pairs (Theil and Sen): up to a quarter of wild samples do not move it. */
function slopePerHour(samples: readonly Sample[]): number {
  const step = Math.ceil(samples.length / slopePoints)
  const points = samples.filter((_, index) => index % step === 0)
  const slopes = points.flatMap((from, index) =>
    points.slice(index + 1).map((to) => ((to.value - from.value) / (to.atMs - from.atMs)) * hourMs),
  )
  return median(slopes)
}
