import { randomBytes } from 'node:crypto'
import type { Ending } from '../shared/bytestream/outcome.ts'
import type { Room } from '../shared/bytestream/room.ts'
import type { Flow, FlowEnd } from './engine/engine.ts'
import { Watchdog, type WatchdogLimits } from './watchdog.ts'

/**
 * How a bytestream runs here: `local` with both halves on this relay; `handoff` on its owner, with the other half
 * behind a trunk; `leg` on the relay that holds that other half, which tells no story of its own.
 */
export type BytestreamPath = 'local' | 'handoff' | 'leg'

/** An account in the registry in which a bytestream is counted, as control says. */
export interface CountedIn {
  readonly name: string
  /** What the account calls the bytestream. */
  readonly entry: string
  /** Bytes that the account’s bytestreams may relay in one day together; 0: they are not counted. */
  readonly dailyBytes: number
}

/** Who and what a bytestream is for. */
export interface BytestreamFacts {
  readonly room: Room
  readonly path: BytestreamPath
  /** Full JID of the requester; empty on a leg. */
  readonly requester: string
  /** JID of the target; empty on a leg. */
  readonly target: string
  /** The relay at the other end of the trunk; empty on a local path. */
  readonly peerRelay: string
  /** Control's own test of an address, which no statistic of bytestreams counts; false on a leg, which cannot know. */
  readonly selfTest: boolean
  /** Where it is counted together with others; none on a leg. */
  readonly accounts: readonly CountedIn[]
}

/** Two halves joined, counted, ended. States: live until `ended` resolves, for whichever reason came first. */
export class Bytestream {
  /** Random name, for operators: of digits only, so that no command line takes it for an option. */
  readonly id = randomBytes(8).toString('hex')
  readonly facts: BytestreamFacts
  /** Milliseconds of the clock that judges it. */
  readonly startedAt: number
  /** Why it ended; resolves once both sockets are closed. Never rejects. */
  readonly ended: Promise<Ending>
  readonly #flow: Flow
  readonly #watchdog: Watchdog
  #decided: Ending | undefined

  constructor(facts: BytestreamFacts, flow: Flow, options: { readonly limits: WatchdogLimits; readonly now: number }) {
    this.facts = facts
    this.startedAt = options.now
    this.#flow = flow
    this.#watchdog = new Watchdog(options.limits, options.now)
    this.ended = flow.ended.then((end) => this.#decided ?? endingOf(end))
  }

  /** Bytes delivered so far, by the half they came from; exact after the end as well. */
  get bytes(): { readonly fromFirst: number; readonly fromSecond: number } {
    const { fromFirst, fromSecond } = this.#flow.progress()
    return { fromFirst: fromFirst.bytes, fromSecond: fromSecond.bytes }
  }

  /** Ends it if it is idle, stalled or too old. */
  look(now: number): void {
    const overdue = this.#watchdog.look(now, this.#flow.progress())
    if (overdue) this.end(overdue)
  }

  /** Resets both sides; the first reason given is the one that counts. */
  end(ending: Ending): void {
    this.#decided ??= ending
    this.#flow.abort()
  }
}

function endingOf(end: FlowEnd): Ending {
  switch (end.how) {
    case 'finished':
      return { outcome: 'completed', reason: 'finished' }
    case 'reset':
      return { outcome: 'aborted', reason: 'reset' }
    case 'aborted':
    case 'crashed':
      return { outcome: 'aborted', reason: 'internal' }
  }
}
