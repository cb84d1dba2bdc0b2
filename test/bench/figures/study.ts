import type { Findings } from '../findings.ts'
import type { BenchOptions } from '../options.ts'
import type { Workshop } from '../workshop.ts'

/** Tells people how far the run is. */
export type Tell = (text: string) => void

/** One part of the benchmark: measures some subjects side by side and holds what it finds against the goals. */
export interface Study {
  /** What `--only` calls it. */
  readonly name: string
  /** What it finds out, in a line. */
  readonly about: string
  run(workshop: Workshop, options: BenchOptions, tell: Tell): Promise<Findings>
}
