import type { Clock } from '../shared/runtime/clock.ts'

/** Gives a question that is answered yes at most once in so many milliseconds, the first time at once. */
export function seldom(clock: Pick<Clock, 'now'>, everyMs: number): () => boolean {
  let lastMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = clock.now()
    if (nowMs - lastMs < everyMs) return false
    lastMs = nowMs
    return true
  }
}
