import { Choices } from './choices.ts'
import { shrink } from './shrink.ts'
import type { Subject } from './subject.ts'

/** Which inputs of a subject: those numbered from `first`, `count` of them. */
export interface FuzzRun {
  readonly name: string
  readonly seed: number
  readonly first: number
  readonly count: number
}

/** An input that broke something: the smallest that was found, and how to repeat the one that was met. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure'
}

/** Feeds a subject with the inputs that follow from the seed. Throws a `FuzzFailure` for the first that breaks it. */
export async function fuzz<Input>(subject: Subject<Input>, { name, seed, first, count }: FuzzRun): Promise<void> {
  for (let index = first; index < first + count; index++) {
    const choices = Choices.seeded(seedOf(name, seed, index))
    try {
      const checked = subject.check(subject.make(choices))
      if (checked) await checked
    } catch (error) {
      throw await explained(subject, choices.made, { error, name, seed, index })
    }
  }
}

/** How the input can be fed again. */
export function repetition({ name, seed, index }: { name: string; seed: number; index: number }): string {
  return `npm run test:fuzz -- --only ${name} --seed ${seed} --first ${index} --inputs 1`
}

async function explained<Input>(
  subject: Subject<Input>,
  made: readonly number[],
  met: { readonly error: unknown; readonly name: string; readonly seed: number; readonly index: number },
): Promise<FuzzFailure> {
  let { error } = met
  const smallest = await shrink(made, async (candidate) => {
    const choices = Choices.repeated(candidate)
    try {
      await subject.check(subject.make(choices))
      return undefined
    } catch (again) {
      error = again
      return choices.made
    }
  })
  const input = subject.show(subject.make(Choices.repeated(smallest)))
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new FuzzFailure(
    `${met.name} does not stand input ${met.index} of seed ${met.seed}. Shrunk:\n${input}\nRepeat: ${repetition(met)}\n${why}`,
    { cause: error },
  )
}

/** One number of the three: neighbouring inputs have nothing in common. */
function seedOf(name: string, seed: number, index: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return Math.imul(hash ^ index, 0xc2b2ae35) ^ index
}
