import { hash } from 'node:crypto'
import type { State } from './system.ts'

/**
 * The states that were reached, and which happenings were left asleep in each: 20 bytes a state and little more. With 160
 * bits of SHA-1 no two of them are taken for one.
 */
export class Visited {
  readonly #asleep = new Map<string, ReadonlySet<string>>()
  readonly #sets = new Map<string, ReadonlySet<string>>()

  /** How many different states there are. */
  get size(): number {
    return this.#asleep.size
  }

  /**
   * Visits a state in which `next` may happen and `asleep` need not be tried. Gives what is to be tried in it: when it was
   * visited before, only what slept then and does not now.
   */
  visit({ text, rename }: State, next: readonly string[], asleep: ReadonlySet<string>): Visit {
    const key = hash('sha1', text, 'binary')
    const before = this.#asleep.get(key)
    const sleeps = (label: string) => asleep.has(label) && before?.has(rename(label)) !== false
    this.#asleep.set(key, this.#shared(next.filter(sleeps).map((label) => rename(label))))
    const awake = next.filter((label) => !asleep.has(label) && before?.has(rename(label)) !== false)
    return { isNew: before === undefined, awake }
  }

  /** One set for all states in which the same things sleep. */
  #shared(labels: string[]): ReadonlySet<string> {
    const key = labels.sort().join('\n')
    const set = this.#sets.get(key) ?? new Set(labels)
    this.#sets.set(key, set)
    return set
  }
}

export interface Visit {
  readonly isNew: boolean
  /** What is to be tried. */
  readonly awake: readonly string[]
}
