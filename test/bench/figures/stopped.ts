import { setTimeout as delay } from 'node:timers/promises'
import { atLeast, check, type Findings } from '../findings.ts'
import type { Load } from '../load.ts'
import { openStreams } from '../streams.ts'
import { floorSubject } from '../subjects/floor.ts'
import { samePod, splice65Subject } from '../subjects/splice65.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Workshop } from '../workshop.ts'
import { type Measured, measureInRounds } from './rounds.ts'
import type { Study } from './study.ts'

const STREAMS = 200
/** The stopped phase in units of a trial: a minute in the full run. */
const STOPPED_TRIALS = 20
/** The phases before and after it, each. */
const RUNNING_TRIALS = 10
/** One round takes two minutes. */
const MOST_ROUNDS = 3
const WARM_UP_MS = 1_000

const kept = `speed that ${STREAMS - 1} streams keep while the receiver of another is stopped`

/** Whether one receiver that takes nothing holds up the others. */
export const stoppedStudy: Study = {
  name: 'stopped',
  about: `one receiver of ${STREAMS} takes nothing for a minute`,
  async run(workshop, { rounds, seconds }, tell): Promise<Findings> {
    const found = await measureInRounds(
      [splice65Subject(workshop, samePod), floorSubject(workshop)],
      (subject) => trial(workshop, subject, seconds),
      { rounds: Math.min(rounds, MOST_ROUNDS), units: { [kept]: '×' }, what: 'stopped' },
      tell,
    )
    return { ...found, ratios: [check(kept, atLeast(0.97), found.of(kept, samePod.name))] }
  },
}

async function trial(workshop: Workshop, subject: Subject, seconds: number): Promise<Measured> {
  await using running = await subject.start()
  await using load = await openStreams(workshop, running, { program: 'pump', fast: STREAMS })
  load.go()
  await delay(WARM_UP_MS)
  const before = await speedOfOthers(load, seconds * RUNNING_TRIALS)
  load.stall(true)
  const stopped = await speedOfOthers(load, seconds * STOPPED_TRIALS)
  load.stall(false)
  const after = await speedOfOthers(load, seconds * RUNNING_TRIALS)
  await load.finish()
  return { [kept]: stopped / ((before + after) / 2) }
}

/** Bytes per second of all streams but the first, which is the one that is stopped. */
async function speedOfOthers(load: Load, seconds: number): Promise<number> {
  const before = await load.mark()
  await delay(seconds * 1_000)
  const after = await load.mark()
  const bytes = after.fast.slice(1).reduce((sum, each, i) => sum + each - (before.fast[i + 1] ?? 0), 0)
  return bytes / ((after.atNs - before.atNs) / 1e9)
}
