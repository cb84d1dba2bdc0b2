import type { Sign } from './sign.ts'
import type { Stage, StageOptions } from './stage.ts'

/** Where in its life a bytestream is when the fault strikes. */
export const phases = ['handshake', 'waiting', 'handoff', 'transfer'] as const
export type Phase = (typeof phases)[number]

/** What not every machine gives to whoever runs this: a network of its own, a bound on memory by the kernel, the leave to trace. */
export type Need = 'namespace' | 'memory cgroup' | 'process to trace'

/** Faults that run on the same stage, one after the other. */
export interface Family {
  readonly name: string
  /** What the faults have in common, for the page of failures. */
  readonly about: string
  readonly stage?: StageOptions
  readonly faults: readonly Fault[]
}

/** One failure, and what comes of it at each phase in which it can strike. */
export interface Fault {
  readonly fault: string
  /** What it takes that not every machine gives. */
  readonly needs?: Need
  /** Sets the stage before the bytestream begins. */
  readonly prepare?: (stage: Stage) => Promise<void>
  /** Makes it happen; resolves when it has. */
  readonly strike: (stage: Stage) => Promise<void>
  /** Takes it away, where that is not for splice65 itself or for the stage to do. */
  readonly heal?: (stage: Stage) => Promise<void>
  readonly at: Readonly<Partial<Record<Phase, Expectation>>>
}

/** What must be seen. */
export interface Expectation {
  /** By the clients, in the words of the play. */
  readonly clients: string
  /** By the operator. */
  readonly operator: Sign
  /** What brings things back. */
  readonly heals: string
  /** Default: the play of the phase. */
  readonly play?: Play
}

/** When a play has come to its point, it lets the fault strike; and takes it away again. */
export interface Act {
  strike(): Promise<void>
  /** Whether there was anything to take away. */
  heal(): Promise<boolean>
}

/** Plays one bytestream up to the fault and through it, and says what its clients saw. */
export type Play = (stage: Stage, act: Act) => Promise<Seen>

export interface Seen {
  readonly clients: string
  readonly lostBytes: number
}

/** One row of the matrix. */
export interface Case extends Expectation {
  /** `family/fault@phase`, by which it can be run alone. */
  readonly name: string
  readonly family: Family
  readonly fault: Fault
  readonly phase: Phase
}

/** Every case of these families, in order. */
export function casesOf(families: readonly Family[]): Case[] {
  return families.flatMap((family) =>
    family.faults.flatMap((fault) =>
      phases.flatMap((phase) => {
        const expectation = fault.at[phase]
        const name = `${family.name}/${fault.fault.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}@${phase}`
        return expectation ? [{ ...expectation, name, family, fault, phase }] : []
      }),
    ),
  )
}
