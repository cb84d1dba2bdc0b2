import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks again and again until the condition holds, for what announces itself by no event. Throws, saying what it
 * waited for, when it still does not hold after `timeoutMs` (default a minute).
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 60_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Gave up after ${timeoutMs} ms waiting until ${what}`)
    await delay(everyMs)
  }
}
