/** The parts that something has to do with, by name, and whether it changes them. */
export type Touches = Readonly<Record<string, 'reads' | 'changes'>>

/** Something that is under way and may happen next: a message, an answer. */
interface Happening {
  readonly touches: Touches
  readonly happen: () => void
}

/**
 * What is under way between the parts of a system. Nothing of it happens by itself: the explorer says what is next, so
 * every order can be tried.
 */
export class Schedule {
  readonly #underWay = new Map<string, [Happening, ...Happening[]]>()

  /**
   * Puts something under way. Its label is the same for the same thing in every run; things of one label happen in the
   * order in which they were put here.
   */
  put(label: string, touches: Touches, happen: () => void): void {
    const happening = { touches, happen }
    const earlier = this.#underWay.get(label)
    if (earlier) earlier.push(happening)
    else this.#underWay.set(label, [happening])
  }

  /** What may happen next, in the order of its labels, each label once. */
  get labels(): string[] {
    return [...this.#underWay.keys()].sort()
  }

  /** Everything under way, as text. */
  get facts(): string[] {
    return [...this.#underWay].map(([label, { length }]) => (length === 1 ? label : `${label} ×${length}`))
  }

  /** What something under way touches. */
  touches(label: string): Touches {
    return this.#find(label)[0].touches
  }

  /** Lets one thing happen, and everything that follows from it by itself. */
  async happen(label: string): Promise<void> {
    const [happening, next, ...others] = this.#find(label)
    if (next) this.#underWay.set(label, [next, ...others])
    else this.#underWay.delete(label)
    happening.happen()
    await settled()
  }

  /** Takes back what is under way and of which this is true. */
  drop(which: (label: string) => boolean): void {
    for (const label of this.labels) if (which(label)) this.#underWay.delete(label)
  }

  #find(label: string): [Happening, ...Happening[]] {
    const happenings = this.#underWay.get(label)
    if (!happenings) throw new Error(`${label} is not under way; under way are ${this.labels.join(', ') || 'nothing'}`)
    return happenings
  }
}

/** Resolves when nothing is left to run but what the schedule holds. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
