import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../../services/shared/bytestream/failure.ts'
import { atMost, check, type Figure, type Findings } from '../findings.ts'
import { Load } from '../load.ts'
import { growthOf } from '../statistics.ts'
import { samePod, splice65Subject } from '../subjects/splice65.ts'
import { residentMib } from '../usage.ts'
import type { Study } from './study.ts'

const HALVES = 10_000
const SAMPLES_PER_MINUTE = 12
const CONCURRENCY = 64
/** A hundred times as long as they are watched, if need be. */
const WAITING_MS = 24 * 3_600_000

const resident = `resident memory, ${HALVES} waiting halves`
const growth = `growth of resident memory, ${HALVES} waiting halves`

/** What halves cost that wait, and whether that grows with time. */
export const waitingStudy: Study = {
  name: 'waiting',
  about: `resident memory of one relay with ${HALVES} waiting half-connections, for minutes`,
  async run(workshop, { minutes }, tell): Promise<Findings> {
    const subject = splice65Subject(workshop, samePod)
    const samples: number[] = []
    try {
      await using running = await subject.start({ waitingMs: WAITING_MS })
      const [pid = 0] = running.pids
      await using load = await Load.start(workshop.programs.load, 'halves', running.target, {
        concurrency: CONCURRENCY,
      })
      tell(`waiting: ${residentMib(pid).toFixed(0)} MiB before`)
      const { failed } = await load.open(HALVES)
      if (failed > 0) throw new Error(`${failed} of ${HALVES} half-connections were refused`)
      const count = Math.max(4, Math.ceil(minutes * SAMPLES_PER_MINUTE))
      for (let i = 0; i < count; i++) {
        await delay((minutes * 60_000) / count)
        samples.push(residentMib(pid))
        if (i % SAMPLES_PER_MINUTE === 0) tell(`waiting: ${samples.at(-1)?.toFixed(0)} MiB`)
      }
    } catch (error) {
      const gap = { what: resident, reason: messageOf(error) }
      tell(`CANNOT MEASURE ${gap.what}: ${gap.reason}`)
      return { ...judge([]), gaps: [gap] }
    }
    return judge(samples)
  },
}

function judge(samples: readonly number[]): Findings {
  const some = samples.length > 0
  const memory: Figure = {
    name: resident,
    subject: samePod.name,
    unit: 'MiB',
    rounds: some ? [Math.max(...samples)] : [],
  }
  const grown: Figure = { name: growth, subject: samePod.name, unit: '×', rounds: some ? [growthOf(samples)] : [] }
  return {
    figures: [memory, grown],
    ratios: [check(resident, atMost(150, 'MiB'), memory), check(`${growth}: flat`, atMost(1.05), grown)],
    gaps: [],
  }
}
