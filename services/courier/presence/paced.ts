import type { Clock } from '../../shared/runtime/clock.ts'

/** A task that reports its own failure. */
type Task = () => Promise<void>

/**
 * Does things one by one, so many in a second: after a restart there may be thousands to tell and to ask, and servers
 * take a component that says all at once for a flood.
 */
export class Paced {
  readonly #clock: Clock
  readonly #intervalMs: number
  /** In the order in which they are done. */
  readonly #tasks = new Map<string, Task>()
  #cancel: (() => void) | undefined

  constructor({ clock }: { readonly clock: Clock }, { perSecond }: { readonly perSecond: number }) {
    this.#clock = clock
    this.#intervalMs = 1_000 / perSecond
  }

  /** Does a task when its turn comes. One of this name that waits already is replaced. */
  add(name: string, task: Task): void {
    this.#tasks.set(name, task)
    if (!this.#cancel) this.#next()
  }

  /** Forgets what waits. */
  clear(): void {
    this.#tasks.clear()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #next(): void {
    const [first] = this.#tasks
    if (!first) {
      this.#cancel = undefined
      return
    }
    const [name, task] = first
    this.#tasks.delete(name)
    void task()
    this.#cancel = this.#clock.after(this.#intervalMs, () => this.#next())
  }
}
