import { setTimeout as delay } from 'node:timers/promises'
import { abbreviate } from '../../services/shared/bytestream/digest.ts'
import { messageOf } from '../../services/shared/bytestream/failure.ts'
import { Attempt } from './attempt.ts'
import type { Disturbances } from './disturbance.ts'
import { misbehaviours } from './misbehaviour.ts'
import type { RelayPlace, Stage } from './stage.ts'

/** What has become of the attempts so far. */
export interface Tally {
  /** Transfers of which every byte arrived. */
  delivered: number
  deliveredBytes: number
  /** Misbehaviours that came to what they should. */
  readonly misbehaved: Map<string, number>
  /** Failures by what excuses them. */
  readonly excused: Map<string, number>
  /** What failed without an excuse. */
  readonly failed: string[]
  /** Transfers that were not begun because too many were under way. */
  heldBack: number
}

/** One in so many clients does something wrong. */
const misbehaviourEvery = 100
/** More at once than half load ever needs. A machine that others keep busy is given less to do, not overrun. */
const mostUnderWay = 48
const interruptMs = 500
/** Reading the logs takes time, and a few failures tell what the rest would. */
const mostExplained = 10
const calibrationLanes = 16
/** Sizes are spread evenly over the powers of two up to this. */
const greatestSizeLog2 = 24

/** Begins attempts and counts what becomes of them. */
export class Load {
  readonly tally: Tally = {
    delivered: 0,
    deliveredBytes: 0,
    misbehaved: new Map(),
    excused: new Map(),
    failed: [],
    heldBack: 0,
  }
  readonly #stage: Stage
  readonly #disturbances: Disturbances
  readonly #interrupted: AbortSignal
  readonly #underWay = new Set<Promise<void>>()
  #begun = 0

  /** What fails when `interrupted` aborts is not counted. */
  constructor(stage: Stage, disturbances: Disturbances, interrupted: AbortSignal) {
    this.#interrupted = interrupted
    this.#stage = stage
    this.#disturbances = disturbances
  }

  /** Transfers a second when nothing holds them back, measured over this time. They are not in the tally. */
  async calibrate(durationMs: number, signal: AbortSignal): Promise<number> {
    let delivered = 0
    const untilMs = performance.now() + durationMs
    const lane = async () => {
      while (performance.now() < untilMs && !signal.aborted) {
        using attempt = new Attempt(this.#parts())
        await attempt.flow(await attempt.join(), drawSize())
        delivered += 1
      }
    }
    await Promise.all(Array.from({ length: calibrationLanes }, lane)).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    return delivered / (durationMs / 1_000)
  }

  /** Begins so many attempts a second until told to stop, whatever becomes of them. */
  async run(perSecond: number, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now()
    for (let due = 0; !signal.aborted; due++) {
      const waitMs = startedMs + (due * 1_000) / perSecond - performance.now()
      if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      if (this.#underWay.size >= mostUnderWay) this.tally.heldBack += 1
      else this.#begin()
    }
  }

  /** Resolves when nothing is under way. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  #begin(): void {
    const turn = this.#begun++
    const underWay = (
      turn % misbehaviourEvery === 0 ? this.#misbehave(turn / misbehaviourEvery) : this.#transfer()
    ).finally(() => this.#underWay.delete(underWay))
    this.#underWay.add(underWay)
  }

  #transfer(): Promise<void> {
    return this.#attempt('transfer', async (attempt) => {
      await attempt.flow(await attempt.join(), drawSize())
      this.tally.delivered += 1
    })
  }

  async #misbehave(turn: number): Promise<void> {
    const kind = misbehaviours[turn % misbehaviours.length]
    if (!kind) return
    await this.#attempt(kind.name, async (attempt, kept) => {
      await kind.run(attempt, kept)
      count(this.tally.misbehaved, kind.name)
    })
  }

  async #attempt(what: string, run: (attempt: Attempt, kept: RelayPlace) => Promise<void>): Promise<void> {
    const parts = this.#parts()
    using attempt = new Attempt(parts)
    try {
      await run(attempt, oneOf(parts.relays.filter(({ kept }) => kept)))
      this.tally.deliveredBytes += attempt.deliveredBytes
    } catch (error) {
      const excuse = this.#disturbances.excuse(attempt, error)
      // Ctrl-C may reach the services a moment before us.
      await delay(interruptMs, undefined, { signal: this.#interrupted }).catch(() => {})
      if (this.#interrupted.aborted) return
      if (excuse !== undefined) return count(this.tally.excused, excuse)
      const where = `${attempt.phase}, ${[...attempt.relays].join(' and ')}`
      const why = messageOf(error)
      const told = this.tally.failed.length < mostExplained ? this.#toldOf(attempt) : []
      this.tally.failed.push([`${what} (${where}): ${why}`, ...told].join('\n    '))
    }
  }

  /** What the services that run have logged of an attempt. */
  #toldOf({ agreement }: Attempt): string[] {
    const { kept, relay, control } = this.#stage
    const digest = abbreviate(agreement.digest)
    return [...kept.relays, kept.control, relay.current, control.current].flatMap(({ name, lines }) =>
      lines()
        .filter((line) => line.digest === digest)
        .map((line) => `${name}: ${JSON.stringify(line)}`),
    )
  }

  #parts() {
    const { requesters, relays } = this.#stage
    const start = Math.floor(Math.random() * relays.length)
    return { requester: oneOf(requesters), relays: [...relays.slice(start), ...relays.slice(0, start)] }
  }
}

function drawSize(): number {
  return Math.floor(2 ** (Math.random() * greatestSizeLog2))
}

function oneOf<T>(things: readonly T[]): T {
  const thing = things[Math.floor(Math.random() * things.length)]
  if (thing === undefined) throw new Error('Cannot choose from nothing')
  return thing
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
