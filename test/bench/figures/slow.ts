import { setTimeout as delay } from 'node:timers/promises'
import { atLeast, atMost, check, type Findings } from '../findings.ts'
import type { Load } from '../load.ts'
import { growthOf, median } from '../statistics.ts'
import { openStreams } from '../streams.ts'
import { floorSubject } from '../subjects/floor.ts'
import { samePod, splice65Subject } from '../subjects/splice65.ts'
import type { Subject } from '../subjects/subject.ts'
import { residentMib } from '../usage.ts'
import type { Workshop } from '../workshop.ts'
import { type Measured, measureInRounds } from './rounds.ts'
import type { Study } from './study.ts'

const FAST = 4
const SLOW = 4_000
const SLOW_BYTES_PER_SECOND = 64 * 1024
/** Until the other speed has settled. */
const SETTLE_MS = 500

const kept = `speed that ${FAST} fast streams keep beside ${SLOW} slow ones`
const delivered = `what the ${SLOW} slow streams get of what they send`
const growth = `growth of resident memory beside ${SLOW} slow streams`
const resident = `resident memory with ${SLOW} slow streams`

/** Whether many slow phones cost the few fast ones their speed, or the relay its memory. */
export const slowStudy: Study = {
  name: 'slow',
  about: `${SLOW} streams of 64 KiB/s each beside ${FAST} fast ones`,
  async run(workshop, { rounds, seconds }, tell): Promise<Findings> {
    const found = await measureInRounds(
      [splice65Subject(workshop, samePod), floorSubject(workshop)],
      (subject) => trial(workshop, subject, { phases: rounds, seconds }),
      { rounds: 1, units: { [kept]: '×', [delivered]: '×', [resident]: 'MiB', [growth]: '×' }, what: 'slow' },
      tell,
    )
    return {
      ...found,
      ratios: [
        check(kept, atLeast(0.8), found.of(kept, samePod.name)),
        check(`${growth}: flat`, atMost(1.05), found.of(growth, samePod.name)),
      ],
    }
  },
}

/** One set of streams, the slow ones going and pausing in turns, so that each phase is compared with its neighbours. */
async function trial(
  workshop: Workshop,
  subject: Subject,
  { phases, seconds }: { readonly phases: number; readonly seconds: number },
): Promise<Measured> {
  await using running = await subject.start()
  const [pid = 0] = running.pids
  await using load = await openStreams(workshop, running, {
    program: 'pump',
    fast: FAST,
    slow: SLOW,
    slowBytesPerSecond: SLOW_BYTES_PER_SECOND,
  })
  load.go()
  const shares: number[] = []
  const deliveries: number[] = []
  const memory: number[] = []
  let alone = await speedOf(load, seconds)
  for (let phase = 0; phase < phases; phase++) {
    load.slow(true)
    const beside = await speedOf(load, seconds)
    memory.push(residentMib(pid))
    load.slow(false)
    const after = await speedOf(load, seconds)
    shares.push(beside.fast / ((alone.fast + after.fast) / 2))
    deliveries.push(beside.slow / (SLOW * SLOW_BYTES_PER_SECOND))
    alone = after
  }
  await load.finish()
  return {
    [kept]: median(shares),
    [delivered]: median(deliveries),
    [resident]: Math.max(...memory),
    [growth]: growthOf(memory),
  }
}

/** Bytes per second of the fast streams together, and of the slow ones. */
async function speedOf(load: Load, seconds: number): Promise<{ fast: number; slow: number }> {
  await delay(SETTLE_MS)
  const before = await load.mark()
  await delay(seconds * 1_000)
  const after = await load.mark()
  const elapsed = (after.atNs - before.atNs) / 1e9
  const sum = (bytes: readonly number[]) => bytes.reduce((total, each) => total + each, 0)
  return { fast: (sum(after.fast) - sum(before.fast)) / elapsed, slow: (after.slow - before.slow) / elapsed }
}
