import { atMost, difference, type Findings } from '../findings.ts'
import { openStreams } from '../streams.ts'
import { directSubject } from '../subjects/direct.ts'
import { floorSubject } from '../subjects/floor.ts'
import { peerSubject } from '../subjects/peer.ts'
import { crossPod, samePod, splice65Subject } from '../subjects/splice65.ts'
import { keptRunning } from './kept.ts'
import { measureInRounds } from './rounds.ts'
import type { Study } from './study.ts'

const WARM_UPS = 2_000
const ROUND_TRIPS_PER_SECOND = 2_000
const p99 = 'ping-pong of 1 byte, p99'
const p50 = 'ping-pong of 1 byte, median'

/** What a relay adds to the way of a single byte. */
export const pingStudy: Study = {
  name: 'ping',
  about: 'how long one byte takes there and back, over a direct connection',
  async run(workshop, { rounds, seconds }, tell): Promise<Findings> {
    const subjects = [
      directSubject,
      splice65Subject(workshop, samePod),
      splice65Subject(workshop, crossPod),
      floorSubject(workshop),
      peerSubject(workshop, 'ejabberd'),
      peerSubject(workshop, 'Prosody'),
    ]
    await using opened = new AsyncDisposableStack()
    const found = await measureInRounds(
      subjects.map((subject) => keptRunning(subject, opened)),
      async (subject) => {
        await using running = await subject.start()
        await using load = await openStreams(workshop, running, { program: 'ping', fast: 1 })
        await load.ping(WARM_UPS)
        const { p50Ms, p99Ms } = await load.ping(Math.ceil(ROUND_TRIPS_PER_SECOND * seconds))
        return { [p50]: p50Ms, [p99]: p99Ms }
      },
      { rounds, units: { [p50]: 'ms', [p99]: 'ms' }, what: 'ping', rehearse: true },
      tell,
    )
    const added = (subject: string, limitMs: number) =>
      difference(
        `${p99}: ${subject} − ${directSubject.name}`,
        atMost(limitMs, 'ms'),
        found.of(p99, subject),
        found.of(p99, directSubject.name),
      )
    return { ...found, ratios: [added(samePod.name, 0.3), added(crossPod.name, 1)] }
  },
}
