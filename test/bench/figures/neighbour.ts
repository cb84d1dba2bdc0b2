import { setTimeout as delay } from 'node:timers/promises'
import { atMost, type Findings, ratio } from '../findings.ts'
import type { Load } from '../load.ts'
import { openStreams } from '../streams.ts'
import { directSubject } from '../subjects/direct.ts'
import { floorSubject } from '../subjects/floor.ts'
import { haproxySplice, haproxySubject } from '../subjects/haproxy.ts'
import { limited, samePod, splice65Subject } from '../subjects/splice65.ts'
import type { RunningSubject, Subject } from '../subjects/subject.ts'
import type { Workshop } from '../workshop.ts'
import { keptRunning } from './kept.ts'
import { type Measured, measureInRounds } from './rounds.ts'
import type { Study } from './study.ts'

const MIB = 1024 ** 2
const LIGHT = 50
/** Bytes a second of each light stream, which go one by one: a thousand round trips a second in all. */
const LIGHT_BYTES_PER_SECOND = 20
/** Each phase in units of a trial: three of them are about one. */
const ROUND_TRIPS_PER_SECOND = (LIGHT * LIGHT_BYTES_PER_SECOND) / 3
const WARM_UPS = 300
/** Until the heavy stream has its speed. */
const SETTLE_MS = 200

const p99 = `round trip of 1 byte, p99 of ${LIGHT} light streams`
const idle = `${p99}, idle`
const beside = `${p99}, beside a heavy one`
const past = `${p99}, beside a heavy direct one`
const speed = `speed of the heavy stream beside ${LIGHT} light ones`

/** How late a stream at full speed makes the others of its relay, and how late one that goes past the relay does. */
export const neighbourStudy: Study = {
  name: 'neighbour',
  about: `how long one byte takes on ${LIGHT} light streams, idle and beside a heavy one`,
  async run(workshop, { rounds, seconds }, tell): Promise<Findings> {
    const peers = [floorSubject(workshop), haproxySubject(workshop, haproxySplice)]
    const subjects = [splice65Subject(workshop, samePod), splice65Subject(workshop, limited), ...peers]
    await using opened = new AsyncDisposableStack()
    const found = await measureInRounds(
      subjects.map((subject) => keptRunning(subject, opened)),
      (subject) => trial(workshop, subject, Math.ceil(ROUND_TRIPS_PER_SECOND * seconds)),
      { rounds, units: { [idle]: 'ms', [beside]: 'ms', [past]: 'ms', [speed]: 'MiB/s' }, what: 'neighbour' },
      tell,
    )
    const over = (base: string, label: string, subject: string) =>
      ratio(`${beside} / ${label}: ${subject}`, atMost(2), found.of(beside, subject), found.of(base, subject))
    const against = (subject: string) =>
      ratio(
        `${beside}: ${samePod.name} / ${subject}`,
        atMost(1),
        found.of(beside, samePod.name),
        found.of(beside, subject),
      )
    return {
      ...found,
      ratios: [
        over(idle, 'idle', samePod.name),
        over(idle, 'idle', limited.name),
        over(past, 'beside a direct one', samePod.name),
        ...peers.map(({ name }) => against(name)),
      ],
    }
  },
}

async function trial(workshop: Workshop, subject: Subject, count: number): Promise<Measured> {
  await using running = await subject.start()
  await using direct = await directSubject.start()
  await using light = await openStreams(workshop, running, {
    program: 'paced',
    fast: 0,
    slow: LIGHT,
    slowBytesPerSecond: LIGHT_BYTES_PER_SECOND,
  })
  await light.ping(WARM_UPS)
  const alone = await light.ping(count)
  const through = await besideHeavy(workshop, running, light, count)
  const aside = await besideHeavy(workshop, direct, light, count)
  return {
    [idle]: alone.p99Ms,
    [beside]: through.p99Ms,
    [past]: aside.p99Ms,
    [speed]: through.bytesPerSecond / MIB,
  }
}

/** The round trips of the light streams while another runs as fast as it can through the subject given. */
async function besideHeavy(
  workshop: Workshop,
  running: RunningSubject,
  light: Load,
  count: number,
): Promise<{ p99Ms: number; bytesPerSecond: number }> {
  await using heavy = await openStreams(workshop, running, { program: 'pump', fast: 1 })
  heavy.go()
  await delay(SETTLE_MS)
  const before = await heavy.mark()
  const { p99Ms } = await light.ping(count)
  const after = await heavy.mark()
  await heavy.finish()
  const [bytesBefore = 0] = before.fast
  const [bytesAfter = 0] = after.fast
  return { p99Ms, bytesPerSecond: (bytesAfter - bytesBefore) / ((after.atNs - before.atNs) / 1e9) }
}
