import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { Redis } from 'ioredis'
import { messageOf } from '../../services/shared/bytestream/failure.ts'
import { sample } from '../support/sample.ts'
import { until } from '../support/until.ts'
import { Disturbances } from './disturbance.ts'
import { Figures, keysKind, lastingKeysKind } from './figures.ts'
import { Load, type Tally } from './load.ts'
import { reportOf, troublesOf } from './report.ts'
import { type Schedule, scheduleOf } from './schedule.ts'
import { openStage, type Stage } from './stage.ts'

/** Tombstones live for a minute: so long after a loss the number of keys still rises. */
const keysSettleMs = 65_000
/** What is open when the load ends is over by then: clients have gone, and waiting halves have timed out. */
const restMs = 30_000
/** The shortest of the deadlines of `stage.ts` is 5 s. */
const standstillMs = 5_000
const mib = 1024 * 1024

const { minutes, rate, only } = new Command('npm run soak --')
  .description(
    'Half load for a long time, with one fault in a hundred; fails when anything grows or a transfer is lost.',
  )
  .option('--minutes <n>', 'how long', parsePositive, 60)
  .option('--rate <n>', 'attempts a second; default half of what this machine can do', parsePositive)
  .option('--only <text>', 'no disturbances of services but those whose names contain this, such as Redis')
  .parse()
  .opts<{ minutes: number; rate?: number; only?: string }>()

const interrupted = new AbortController()
// Not once: whoever finds himself the last to listen ends the process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())

await soak(scheduleOf(minutes), interrupted.signal)

async function soak(schedule: Schedule, signal: AbortSignal): Promise<void> {
  say('starting Redis, ejabberd, two controls and three relays')
  await using opened = new AsyncDisposableStack()
  const stage = opened.use(await openStage(signal))
  const index = opened.adopt(connectIndex(stage), (redis) => redis.disconnect())
  const disturbances = new Disturbances(stage, index, only)
  const load = new Load(stage, disturbances, signal)
  const figures = opened.use(new Figures())

  opened.defer(watchForStandstill((fromMs) => disturbances.stoodStill(fromMs)))

  const perSecond = rate ?? (await halfLoad(load, schedule, signal))
  const startedMs = performance.now()
  const failed = new AbortController()
  const over = AbortSignal.any([signal, failed.signal, AbortSignal.timeout(schedule.durationMs)])
  try {
    await Promise.all([
      load.run(perSecond, over),
      every(schedule.sampleMs, over, () => look(figures, stage, index, disturbances)),
      every(schedule.disturbMs, over, () => disturbances.next((what) => say(`${elapsed(startedMs)}  ${what}`))),
      every(schedule.progressMs, over, async () => say(progress(load.tally, startedMs))),
    ])
  } catch (error) {
    failed.abort()
    if (!signal.aborted) load.tally.failed.push(`the soak itself: ${messageOf(error)}`)
  }
  // Ctrl-C in a terminal goes to all processes: what is under way then breaks for no fault of theirs.
  const leftOpen = signal.aborted || failed.signal.aborted ? undefined : await settle(load, stage, signal)
  const judged = figures.judged(startedMs + schedule.warmUpMs)
  console.log(`\n${reportOf(judged, load.tally, leftOpen)}`)
  if (troublesOf(judged, load.tally, leftOpen).length > 0) process.exitCode = 1
}

/** Half of the attempts a second that this machine can do. */
async function halfLoad(load: Load, { calibrationMs }: Schedule, signal: AbortSignal): Promise<number> {
  say(`finding out for ${calibrationMs / 1_000} s what full load is`)
  const full = await load.calibrate(calibrationMs, signal)
  say(`${full.toFixed(1)} transfers a second are full load`)
  return full / 2
}

async function look(figures: Figures, { kept }: Stage, index: Redis, { forgottenMs }: Disturbances): Promise<void> {
  await figures.look([...kept.relays, kept.control])
  if (index.status !== 'ready') return
  const { keys, lasting } = await countKeys(index)
  const atMs = performance.now()
  figures.add('Redis', lastingKeysKind, { atMs, value: lasting })
  if (atMs - forgottenMs > keysSettleMs) figures.add('Redis', keysKind, { atMs, value: keys })
}

async function countKeys(index: Redis): Promise<{ keys: number; lasting: number }> {
  const [, keys = 0, expiring = 0] = /keys=(\d+),expires=(\d+)/.exec(await index.info('keyspace'))?.map(Number) ?? []
  return { keys, lasting: keys - expiring }
}

function connectIndex({ redis }: Stage): Redis {
  const index = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 200 })
  index.on('error', () => {})
  return index
}

/** Waits until nothing is under way, and gives the sockets that relays then still hold; undefined when interrupted. */
async function settle(load: Load, { kept, relay }: Stage, signal: AbortSignal): Promise<number | undefined> {
  await load.settle()
  const open = () =>
    sample([...kept.relays, relay.current], 'splice65_sockets_open').catch((error: unknown) => {
      if (!signal.aborted) throw error
      return undefined
    })
  await until('relays hold no socket', async () => !(await open()), { timeoutMs: restMs, everyMs: 500 }).catch(() => {})
  return open()
}

/** Tells whenever this process was held up for so long that deadlines meant for others have passed; the answer ends that. */
function watchForStandstill(tell: (fromMs: number) => void): () => void {
  let lastMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (nowMs - lastMs > standstillMs) tell(lastMs)
    lastMs = nowMs
  }, 1_000)
  return () => clearInterval(timer)
}

/** Does it again and again until told to stop, with so much time between. */
async function every(ms: number, signal: AbortSignal, run: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await delay(ms, undefined, { signal }).catch(() => {})
    if (!signal.aborted) await run()
  }
}

function progress({ delivered, deliveredBytes, misbehaved, excused, failed }: Tally, startedMs: number): string {
  const seconds = (performance.now() - startedMs) / 1_000
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((total, times) => total + times, 0)
  const rates = `${(delivered / seconds).toFixed(1)}/s, ${(deliveredBytes / mib / seconds).toFixed(1)} MiB/s`
  return `${elapsed(startedMs)}  ${delivered} delivered (${rates}), ${sum(misbehaved)} misbehaved, ${sum(excused)} excused, ${failed.length} failed`
}

function elapsed(sinceMs: number): string {
  const seconds = Math.round((performance.now() - sinceMs) / 1_000)
  return `${String(Math.floor(seconds / 60)).padStart(3)}m${String(seconds % 60).padStart(2, '0')}s`
}

function say(text: string): void {
  console.log(`soak: ${text}`)
}

function parsePositive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('a number above zero')
  return value
}
