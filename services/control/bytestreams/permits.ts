import type { Clock } from '../../shared/runtime/clock.ts'

/** Lets a fixed number of tasks run at once; the others wait, in the order of their coming. */
export class Permits {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #free: number

  constructor({ clock }: { readonly clock: Clock }, count: number) {
    this.#clock = clock
    this.#free = count
  }

  /** Runs the task once there is room for it; undefined, and no task, when there is none for `timeoutMs`. */
  async run<T>(task: () => Promise<T>, { timeoutMs }: { readonly timeoutMs: number }): Promise<T | undefined> {
    if (!(await this.#acquire(timeoutMs))) return undefined
    try {
      return await task()
    } finally {
      this.#release()
    }
  }

  #acquire(timeoutMs: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const grant = () => {
        cancel()
        resolve(true)
      }
      const cancel = this.#clock.after(timeoutMs, () => {
        this.#waiting.delete(grant)
        resolve(false)
      })
      this.#waiting.add(grant)
    })
  }

  #release(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free += 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
