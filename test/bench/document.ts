import { type Findings, formatGoal, isKept } from './findings.ts'
import type { Machine } from './machine.ts'
import { median } from './statistics.ts'

/** What `--json` prints. A value that could not be had is null, and its goal is not kept. */
export interface BenchDocument {
  readonly machine: Machine
  readonly figures: readonly {
    readonly name: string
    readonly subject: string
    /** The median of the rounds. */
    readonly value: number | null
    readonly unit: string
    readonly rounds: readonly number[]
  }[]
  readonly ratios: readonly {
    readonly name: string
    /** The median of the ratios within each round. */
    readonly value: number | null
    readonly goal: string
    readonly ok: boolean
  }[]
}

/** The findings as one document. */
export function documentOf(machine: Machine, { figures, ratios }: Findings): BenchDocument {
  return {
    machine,
    figures: figures.map(({ name, subject, unit, rounds }) => ({
      name,
      subject,
      value: orNull(median(rounds)),
      unit,
      rounds,
    })),
    ratios: ratios.map((ratio) => ({
      name: ratio.name,
      value: orNull(median(ratio.rounds)),
      goal: formatGoal(ratio.goal),
      ok: isKept(ratio),
    })),
  }
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
