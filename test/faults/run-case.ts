import { messageOf } from '../../services/shared/bytestream/failure.ts'
import type { Case } from './case.ts'
import { plays } from './plays.ts'
import { watchFor } from './sign.ts'
import type { Stage } from './stage.ts'

/** What came of a case. */
export interface Row {
  readonly name: string
  readonly expected: string
  /** What the clients saw, or why the case could not be played. */
  readonly seen: string
  readonly lostBytes: number
  /** What else is not as it must be: a sign that did not come, an invariant that does not hold. */
  readonly faults: readonly string[]
  readonly seconds: number
}

/** Whether a row is as it must be. */
export function isAsExpected({ expected, seen, lostBytes, faults }: Row): boolean {
  return seen === expected && lostBytes === 0 && faults.length === 0
}

/** Plays one case on its stage, and leaves the stage as it was. Never throws. */
export async function runCase(stage: Stage, { name, fault, phase, clients, operator, play }: Case): Promise<Row> {
  const startedMs = performance.now()
  const faults: string[] = []
  let seen = { clients: '', lostBytes: 0 }
  let healed = true
  const act = {
    async strike() {
      await fault.strike(stage)
      healed = false
    },
    async heal() {
      if (healed || !fault.heal) return false
      healed = true
      await fault.heal(stage)
      return true
    },
  }
  try {
    await fault.prepare?.(stage)
    const signShows = await watchFor(operator, (service) => stage.witnesses(service))
    seen = await (play ?? plays[phase])(stage, act)
    if (!(await signShows())) faults.push('the operator does not see it')
  } catch (error) {
    seen = { ...seen, clients: `cannot be played: ${messageOf(error)}` }
  }
  try {
    await act.heal()
    faults.push(...(await stage.restore()))
  } catch (error) {
    faults.push(`it does not heal: ${messageOf(error)}`)
  }
  const seconds = (performance.now() - startedMs) / 1_000
  return { name, expected: clients, seen: seen.clients, lostBytes: seen.lostBytes, faults, seconds }
}
