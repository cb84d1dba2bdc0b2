/** Nobody sleeps longer without being looked at. */
const LONGEST_MS = 250

/** Who wants to be woken when, in whole milliseconds: cheap for thousands that sleep for moments. */
export class Alarms<T> {
  readonly #due = new Map<number, Set<T>>()

  /** Milliseconds until the next alarm, rounded up; -1 without one. */
  next(now: number): number {
    let first = Number.POSITIVE_INFINITY
    for (const at of this.#due.keys()) if (at < first) first = at
    return first === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(first - now))
  }

  set(sleeper: T, at: number, now: number): void {
    const tick = Math.ceil(Math.min(at, now + LONGEST_MS))
    const sleepers = this.#due.get(tick)
    if (sleepers) sleepers.add(sleeper)
    else this.#due.set(tick, new Set([sleeper]))
  }

  /** Takes out everyone who is to be woken now. */
  due(now: number): T[] {
    const woken: T[] = []
    for (const [at, sleepers] of this.#due) {
      if (at > now) continue
      this.#due.delete(at)
      woken.push(...sleepers)
    }
    return woken
  }
}
