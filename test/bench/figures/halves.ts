import { atLeast, atMost, check, type Findings, ratio } from '../findings.ts'
import { Load } from '../load.ts'
import { peerSubject } from '../subjects/peer.ts'
import { samePod, splice65Subject } from '../subjects/splice65.ts'
import { cpuSeconds } from '../usage.ts'
import { keptRunning } from './kept.ts'
import { measureInRounds } from './rounds.ts'
import type { Study } from './study.ts'

/** ejabberd keeps a half for a minute after its client left, so that a burst counts against its descriptors for long. */
const HALVES_PER_SECOND_OF_TRIAL = 700
const WARM_UP_SHARE = 0.4
const CONCURRENCY = 32

const perCore = 'new half-connections per second of CPU'
const perSecond = 'new half-connections per second'
const p99 = 'new half-connection, p99'

/** How fast clients get in: TCP, SOCKS5 and, with us, the registry in Redis. */
export const halvesStudy: Study = {
  name: 'halves',
  about: `new half-connections, ${CONCURRENCY} at a time in their handshake`,
  async run(workshop, { rounds, seconds }, tell): Promise<Findings> {
    const peers = [peerSubject(workshop, 'ejabberd'), peerSubject(workshop, 'Prosody')]
    const subjects = [splice65Subject(workshop, samePod), ...peers]
    const count = Math.ceil(HALVES_PER_SECOND_OF_TRIAL * seconds)
    await using opened = new AsyncDisposableStack()
    const found = await measureInRounds(
      subjects.map((subject) => keptRunning(subject, opened)),
      async (subject) => {
        await using running = await subject.start()
        await using load = await Load.start(workshop.programs.load, 'halves', running.target, {
          concurrency: CONCURRENCY,
        })
        await load.open(Math.ceil(count * WARM_UP_SHARE))
        const before = cpuSeconds(running.pids)
        const opened = await load.open(count)
        const used = cpuSeconds(running.pids) - before
        if (opened.failed > 0) throw new Error(`${opened.failed} of ${opened.count} half-connections were refused`)
        return {
          [perCore]: opened.count / used,
          [perSecond]: opened.count / opened.seconds,
          [p99]: opened.p99Ms ?? Number.NaN,
        }
      },
      { rounds, units: { [perCore]: '/s', [perSecond]: '/s', [p99]: 'ms' }, what: 'halves', rehearse: true },
      tell,
    )
    const ours = (name: string) => found.of(name, samePod.name)
    return {
      ...found,
      ratios: [
        check(perCore, atLeast(3_000, '/s'), ours(perCore)),
        check(p99, atMost(25, 'ms'), ours(p99)),
        ...peers.flatMap(({ name }) =>
          [perCore, perSecond].map((figure) =>
            ratio(`${figure}: ${samePod.name} / ${name}`, atLeast(1), ours(figure), found.of(figure, name)),
          ),
        ),
      ],
    }
  },
}
