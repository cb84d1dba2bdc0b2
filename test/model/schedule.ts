/** Something that is under way and may happen next: a message, an answer, a fault. */
export interface Happening {
  /** The same for the same thing in every run; what is in it tells two apart. */
  readonly label: string
  readonly happen: () => void
}

/**
 * What is under way between the parts of a system. Nothing of it happens by itself: the explorer says what is next, so
 * every order can be tried.
 */
export class Schedule {
  readonly #pending = new Map<string, Happening>()

  /** Puts something under way. Two things of one label happen one after the other. */
  put(label: string, happen: () => void): void {
    let name = label
    for (let number = 2; this.#pending.has(name); number++) name = `${label} #${number}`
    this.#pending.set(name, { label: name, happen })
  }

  /** What may happen next, in the order of its labels. */
  get labels(): string[] {
    return [...this.#pending.keys()].sort()
  }

  /** Lets one thing happen, and everything that follows from it by itself. */
  async happen(label: string): Promise<void> {
    const happening = this.#pending.get(label)
    if (!happening) throw new Error(`${label} is not under way; under way are ${this.labels.join(', ') || 'nothing'}`)
    this.#pending.delete(label)
    happening.happen()
    await settled()
  }

  /** Takes back what is under way and of which this is true. */
  drop(which: (label: string) => boolean): void {
    for (const label of this.labels) if (which(label)) this.#pending.delete(label)
  }
}

/** Resolves when nothing is left to run but what the schedule holds. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
