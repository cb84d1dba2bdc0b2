import { byRound, median } from './statistics.ts'

/** A series of measurements, one a round. */
export interface Figure {
  /** What was measured, and under what: `CPU, 16 streams`. */
  readonly name: string
  /** What it was measured of. */
  readonly subject: string
  readonly unit: string
  /** In the order of the rounds; empty when it could not be had. */
  readonly rounds: readonly number[]
}

/** A bound that a ratio must keep. */
export interface Goal {
  readonly bound: 'at most' | 'at least'
  readonly limit: number
  /** Default: a plain ratio. */
  readonly unit?: string
}

/** What is promised, and what was found: the median of one value a round. */
export interface Ratio {
  readonly name: string
  readonly rounds: readonly number[]
  readonly goal: Goal
}

/** Something that was to be measured and could not be. */
export interface Gap {
  readonly what: string
  readonly reason: string
}

/** Everything a run has found. */
export interface Findings {
  readonly figures: readonly Figure[]
  readonly ratios: readonly Ratio[]
  readonly gaps: readonly Gap[]
}

export const nothingFound: Findings = { figures: [], ratios: [], gaps: [] }

/** The findings of several runs as those of one. */
export function together(findings: readonly Findings[]): Findings {
  return {
    figures: findings.flatMap(({ figures }) => figures),
    ratios: findings.flatMap(({ ratios }) => ratios),
    gaps: findings.flatMap(({ gaps }) => gaps),
  }
}

export function atMost(limit: number, unit?: string): Goal {
  return { bound: 'at most', limit, ...(unit !== undefined && { unit }) }
}

export function atLeast(limit: number, unit?: string): Goal {
  return { bound: 'at least', limit, ...(unit !== undefined && { unit }) }
}

/** The goal in a few characters: `≤ 1.25`, `≥ 3000 /s`. */
export function formatGoal({ bound, limit, unit }: Goal): string {
  return `${bound === 'at most' ? '≤' : '≥'} ${limit}${unit === undefined ? '' : ` ${unit}`}`
}

/** Whether the median keeps the goal. What could not be measured keeps none. */
export function isKept({ rounds, goal }: Ratio): boolean {
  const value = median(rounds)
  return goal.bound === 'at most' ? value <= goal.limit : value >= goal.limit
}

/** One series over another within the same round. Without both it is a ratio of no rounds, which keeps no goal. */
export function ratio(name: string, goal: Goal, ours: Figure | undefined, theirs: Figure | undefined): Ratio {
  return { name, goal, rounds: byRound(ours?.rounds ?? [], theirs?.rounds ?? [], (a, b) => a / b) }
}

/** One series less another within the same round. */
export function difference(name: string, goal: Goal, ours: Figure | undefined, theirs: Figure | undefined): Ratio {
  return { name, goal, rounds: byRound(ours?.rounds ?? [], theirs?.rounds ?? [], (a, b) => a - b) }
}

/** A series held against a bound of its own. */
export function check(name: string, goal: Goal, figure: Figure | undefined): Ratio {
  return { name, goal, rounds: figure?.rounds ?? [] }
}
