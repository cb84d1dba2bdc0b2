import { setTimeout as delay } from 'node:timers/promises'
import { atMost, check, type Findings } from '../findings.ts'
import { median, percentile99 } from '../statistics.ts'
import { connectStreams } from '../streams.ts'
import { peerSubject } from '../subjects/peer.ts'
import { crossPod, samePod, splice65Subject } from '../subjects/splice65.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Workshop } from '../workshop.ts'
import { keptRunning } from './kept.ts'
import { type Measured, measureInRounds } from './rounds.ts'
import type { Study } from './study.ts'

const PER_SECOND = 200
const WARM_UPS = 200
const p99 = `activation IQ, ${PER_SECOND} a second, p99`
const p50 = `activation IQ, ${PER_SECOND} a second, median`

/** How long a requester waits for the answer to its activation: the XMPP server, control, the registry and the relays. */
export const activationStudy: Study = {
  name: 'activation',
  about: `the time to the answer of an activation, ${PER_SECOND} of them a second`,
  async run(workshop, { rounds, seconds }, tell): Promise<Findings> {
    const subjects = [
      splice65Subject(workshop, samePod),
      splice65Subject(workshop, crossPod),
      peerSubject(workshop, 'ejabberd'),
      peerSubject(workshop, 'Prosody'),
    ]
    await using opened = new AsyncDisposableStack()
    const found = await measureInRounds(
      subjects.map((subject) => keptRunning(subject, opened)),
      (subject) => trial(workshop, subject, Math.ceil(PER_SECOND * seconds)),
      { rounds, units: { [p50]: 'ms', [p99]: 'ms' }, what: 'activation', rehearse: true },
      tell,
    )
    return {
      ...found,
      ratios: [
        check(`${p99}, same pod`, atMost(10, 'ms'), found.of(p99, samePod.name)),
        check(`${p99}, cross-pod`, atMost(20, 'ms'), found.of(p99, crossPod.name)),
      ],
    }
  },
}

async function trial(workshop: Workshop, subject: Subject, count: number): Promise<Measured> {
  await using running = await subject.start()
  const { load, activations } = await connectStreams(workshop, running, { program: 'pump', fast: WARM_UPS + count })
  await using _ = load
  for (const activate of activations.slice(0, WARM_UPS)) await activate()
  const timesMs = await timeAll(activations.slice(WARM_UPS))
  return { [p50]: median(timesMs), [p99]: percentile99(timesMs) }
}

/** Makes each call at its moment, whether the ones before were answered or not: a slow answer must not spare the proxy. */
async function timeAll(calls: readonly (() => Promise<void>)[]): Promise<number[]> {
  return Promise.all(
    calls.map(async (call, i) => {
      await delay((i * 1_000) / PER_SECOND)
      const sentMs = performance.now()
      await call()
      return performance.now() - sentMs
    }),
  )
}
