import { messageOf } from '../../../services/shared/bytestream/failure.ts'
import type { Figure, Gap } from '../findings.ts'
import type { Subject } from '../subjects/subject.ts'
import { short } from '../table.ts'
import type { Tell } from './study.ts'

/** What one trial measured, by the name of the figure. */
export type Measured = Readonly<Record<string, number>>

/** What a round of trials is made of. */
export interface RoundsOptions {
  readonly rounds: number
  /** Units by the name of the figure; every trial measures all of them. */
  readonly units: Readonly<Record<string, string>>
  /** Has a first round measured and thrown away: a service that has just started would tell of its compiler. */
  readonly rehearse?: boolean
  /** What is measured, for messages. */
  readonly what: string
}

/** Figures by subject, and what could not be had. */
export interface Rounds {
  readonly figures: Figure[]
  readonly gaps: Gap[]
  /** The figure of that name and subject; undefined when it could not be had. */
  of(name: string, subject: string): Figure | undefined
}

/**
 * Measures every subject once a round, in turns (A B C A B C …), so that whatever slows the machine down falls on all
 * of them. A subject that fails is left out from then on, and said to be.
 */
export async function measureInRounds(
  subjects: readonly Subject[],
  trial: (subject: Subject) => Promise<Measured>,
  { rounds, units, what, rehearse = false }: RoundsOptions,
  tell: Tell,
): Promise<Rounds> {
  const measured = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]))
  const gaps = new Map<string, Gap>()
  for (let round = rehearse ? 0 : 1; round <= rounds; round++) {
    for (const subject of subjects) {
      if (gaps.has(subject.name)) continue
      try {
        const found = await trial(subject)
        if (round > 0) measured.get(subject.name)?.push(found)
        const which = round > 0 ? `round ${round} of ${rounds}` : 'rehearsal'
        tell(`${what}, ${which}, ${subject.name}: ${describe(found, units)}`)
      } catch (error) {
        const gap = { what: `${what}, ${subject.name}`, reason: messageOf(error) }
        gaps.set(subject.name, gap)
        tell(`CANNOT MEASURE ${gap.what}: ${gap.reason}`)
      }
    }
  }
  const figures = Object.entries(units).flatMap(([name, unit]) =>
    subjects.map((subject) => ({ name, unit, subject: subject.name, rounds: seriesOf(subject.name, name) })),
  )
  return {
    figures,
    gaps: [...gaps.values()],
    of: (name, subject) =>
      figures.find((figure) => figure.name === name && figure.subject === subject && figure.rounds.length > 0),
  }

  /** Of a subject that failed half-way nothing counts: its rounds would no longer be those of the others. */
  function seriesOf(subject: string, name: string): number[] {
    if (gaps.has(subject)) return []
    return measured.get(subject)?.map((found) => found[name] ?? Number.NaN) ?? []
  }
}

function describe(found: Measured, units: Readonly<Record<string, string>>): string {
  return Object.entries(found)
    .map(([name, value]) => `${short(value)} ${units[name] ?? ''}`)
    .join(', ')
}
