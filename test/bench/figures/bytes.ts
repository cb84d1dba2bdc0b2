import { setTimeout as delay } from 'node:timers/promises'
import { atLeast, atMost, type Figure, type Findings, type Ratio, ratio, together } from '../findings.ts'
import type { Load, Mark } from '../load.ts'
import { openStreams } from '../streams.ts'
import { floorSubject } from '../subjects/floor.ts'
import { haproxySubject, haproxyTunings } from '../subjects/haproxy.ts'
import { peerSubject } from '../subjects/peer.ts'
import { crossPod, samePod, splice65Subject, streamEngine } from '../subjects/splice65.ts'
import type { RunningSubject, Subject } from '../subjects/subject.ts'
import { cpuSeconds } from '../usage.ts'
import type { Workshop } from '../workshop.ts'
import { type Measured, measureInRounds, type Rounds } from './rounds.ts'
import type { Study } from './study.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
/** Until just-in-time compilers have seen enough and TCP has opened its windows. */
const WARM_UP_MS = 700

const cpu = (streams: number) => `CPU, ${streams} ${streams === 1 ? 'stream' : 'streams'}`
const throughput = (streams: number) => `throughput, ${streams} ${streams === 1 ? 'stream' : 'streams'}`

/** What a byte costs, and how many go through in a second. */
export const bytesStudy: Study = {
  name: 'bytes',
  about: 'CPU seconds per GiB and throughput, with 1, 16 and 200 streams',
  async run(workshop, { rounds, seconds, quick }, tell) {
    const subjects = quick ? fewSubjects(workshop) : allSubjects(workshop)
    const findings: Findings[] = []
    for (const streams of quick ? [1] : [1, 16, 200]) {
      const found = await measureInRounds(
        subjects,
        (subject) => trial(workshop, subject, streams, seconds),
        {
          rounds,
          what: `bytes, ${streams} ${streams === 1 ? 'stream' : 'streams'}`,
          units: { [cpu(streams)]: 's/GiB', [throughput(streams)]: 'MiB/s' },
        },
        tell,
      )
      findings.push({
        ...found,
        ratios: [
          ...cpuRatios(found, streams, quick),
          ...(streams === 200 ? [] : throughputRatios(found, streams, subjects)),
        ],
      })
    }
    return together(findings)
  },
}

function fewSubjects(workshop: Workshop): Subject[] {
  return [splice65Subject(workshop, samePod), floorSubject(workshop), peerSubject(workshop, 'ejabberd')]
}

function allSubjects(workshop: Workshop): Subject[] {
  return [
    splice65Subject(workshop, samePod),
    floorSubject(workshop),
    splice65Subject(workshop, crossPod),
    peerSubject(workshop, 'ejabberd'),
    ...haproxyTunings.map((tuning) => haproxySubject(workshop, tuning)),
    splice65Subject(workshop, streamEngine),
    peerSubject(workshop, 'Prosody'),
  ]
}

async function trial(workshop: Workshop, subject: Subject, streams: number, seconds: number): Promise<Measured> {
  await using running = await subject.start()
  await using load = await openStreams(workshop, running, { program: 'pump', fast: streams })
  load.go()
  await delay(WARM_UP_MS)
  const before = await look(load, running)
  await delay(seconds * 1_000)
  const after = await look(load, running)
  await load.finish()
  const bytes = received(after.mark) - received(before.mark)
  if (bytes === 0) throw new Error('nothing arrived')
  return {
    [cpu(streams)]: (after.cpu - before.cpu) / (bytes / GIB),
    [throughput(streams)]: bytes / MIB / ((after.mark.atNs - before.mark.atNs) / 1e9),
  }
}

async function look(load: Load, { pids }: RunningSubject): Promise<{ cpu: number; mark: Mark }> {
  const mark = await load.mark()
  return { mark, cpu: cpuSeconds(pids) }
}

function received({ fast }: Mark): number {
  return fast.reduce((sum, bytes) => sum + bytes, 0)
}

function cpuRatios({ of }: Rounds, streams: number, quick: boolean): Ratio[] {
  const name = cpu(streams)
  const ours = of(name, samePod.name)
  const against = (limit: number, theirs: string, ourFigure: Figure | undefined = ours, label = samePod.name) =>
    ratio(`${name}: ${label} / ${theirs}`, atMost(limit), ourFigure, of(name, theirs))
  const few = [against(1.25, 'C floor'), against(0.4, 'ejabberd')]
  if (quick) return few
  return [
    ...few,
    against(0.7, 'HAProxy splice'),
    against(1, 'HAProxy splice 1 MiB'),
    against(0.06, 'Prosody'),
    against(2.2, samePod.name, of(name, crossPod.name), crossPod.name),
  ]
}

function throughputRatios({ of }: Rounds, streams: number, subjects: readonly Subject[]): Ratio[] {
  const name = throughput(streams)
  return subjects
    .filter((subject) => !subject.name.startsWith(samePod.name))
    .map((subject) => {
      const goal = atLeast(subject.name === 'C floor' ? 0.9 : 1)
      return ratio(`${name}: ${samePod.name} / ${subject.name}`, goal, of(name, samePod.name), of(name, subject.name))
    })
}
