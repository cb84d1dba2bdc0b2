import type { Redis } from 'ioredis'
import type { Attempt } from './attempt.ts'
import { WrongBytes } from './keyed-bytes.ts'
import type { Replaceable, Stage } from './stage.ts'
import { resetForMemory } from './tcp-memory.ts'

/** Something that was done to a service. */
export interface Disturbance {
  readonly what: string
  readonly fromMs: number
  /** Infinity while it lasts. */
  untilMs: number
  /** Whether an attempt of that time may fail by it, and at this phase. */
  readonly mayBreak: (attempt: Attempt) => boolean
}

interface Kind {
  readonly what: string
  readonly forgets: boolean
  readonly mayBreak: (attempt: Attempt) => boolean
  readonly run: () => Promise<void>
}

/**
 * Does one thing after the other to the services, and knows which failures that excuses: bytes that a killed relay
 * carried, and requests that a control had in its hands. A relay or control that is told to stop, and a Redis that
 * forgets everything, excuse nothing.
 */
export class Disturbances {
  readonly done: Disturbance[] = []
  readonly #kinds: readonly Kind[]
  #forgottenMs = performance.now()
  #turn = 0

  /** `only` leaves out everything whose name does not contain it. */
  constructor({ relay, control, redis }: Stage, index: Redis, only = '') {
    const nothing = () => false
    const onRelay = ({ relays }: Attempt) => relays.has(relay.name)
    const activating = ({ phase }: Attempt) => phase === 'activating'
    const service = (what: string, mayBreak: Kind['mayBreak'], run: Kind['run']) => ({
      what,
      forgets: false,
      mayBreak,
      run,
    })
    const services = [
      service(`${relay.name} killed`, onRelay, () => end(relay, 'SIGKILL')),
      service(`${control.name} told to stop`, nothing, () => end(control, 'SIGTERM')),
      service(`${relay.name} told to stop`, nothing, () => end(relay, 'SIGTERM')),
      service(`${control.name} killed`, activating, () => end(control, 'SIGKILL')),
    ]
    const flush = async () => void (await index.flushall())
    // Redis comes seldom: only between its losses can it be seen whether keys grow. It comes first: its outage gives
    // every service metric series that nothing else would, and they should be there when series are first counted.
    const kinds = [
      { what: 'Redis restarted', forgets: true, mayBreak: nothing, run: () => redis.restart() },
      ...services,
      ...services,
      { what: 'Redis flushed', forgets: true, mayBreak: nothing, run: flush },
      ...services,
      ...services,
    ]
    this.#kinds = kinds.filter(({ what }) => what.includes(only))
    if (this.#kinds.length === 0)
      throw new Error(`Cannot disturb "${only}": it is in none of ${kinds.map(({ what }) => what).join(', ')}`)
  }

  /** When Redis began to fill anew. */
  get forgottenMs(): number {
    return this.#forgottenMs
  }

  /** Does the next thing. Resolves when everything runs again. */
  async next(tell: (what: string) => void): Promise<void> {
    const kind = this.#kinds[this.#turn++ % this.#kinds.length]
    if (!kind) return
    const { what, mayBreak } = kind
    const disturbance = { what, mayBreak, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY }
    this.done.push(disturbance)
    tell(what)
    await kind.run()
    disturbance.untilMs = performance.now()
    if (kind.forgets) this.#forgottenMs = disturbance.untilMs
  }

  /** Notes that nothing ran on this machine up to now: deadlines have passed, here and in the services, that nobody missed. */
  stoodStill(fromMs: number): void {
    const what = 'this machine stood still'
    this.done.push({ what, fromMs, untilMs: performance.now(), mayBreak: () => true })
  }

  /** What excuses the failure of an attempt that ends now; undefined when nothing does. Wrong bytes have no excuse. */
  excuse(attempt: Attempt, error: unknown, resets = resetForMemory()): string | undefined {
    if (error instanceof WrongBytes) return undefined
    if (resets > attempt.resetsBefore) return 'this machine had no memory left for TCP'
    return this.done.find(({ untilMs, mayBreak }) => untilMs > attempt.startedMs && mayBreak(attempt))?.what
  }
}

async function end(service: Replaceable, signal: NodeJS.Signals): Promise<void> {
  service.current.kill(signal)
  await service.replace()
}
