/** How the time of a soak is spent, in milliseconds. */
export interface Schedule {
  /** At full load, to find out what half of it is. */
  readonly calibrationMs: number
  /** At half load; what follows is included. */
  readonly durationMs: number
  /** Until processes have the memory that they need. Nothing is judged before. */
  readonly warmUpMs: number
  readonly sampleMs: number
  /** From one disturbance of a service to the next. */
  readonly disturbMs: number
  readonly progressMs: number
}

const secondMs = 1_000
const minuteMs = 60 * secondMs

/** The schedule of a soak of so many minutes. */
export function scheduleOf(minutes: number): Schedule {
  const durationMs = minutes * minuteMs
  return {
    calibrationMs: 10 * secondMs,
    durationMs,
    warmUpMs: Math.min(durationMs / 3, 5 * minuteMs),
    sampleMs: 2 * secondMs,
    disturbMs: between(15 * secondMs, durationMs / 12, minuteMs),
    progressMs: between(5 * secondMs, durationMs / 40, minuteMs / 2),
  }
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(most, value))
}
