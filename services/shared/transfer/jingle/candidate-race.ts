import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Candidate } from './socks-transport.ts'

/** XEP-0260 §2.4 suggests to begin the next try before the last has failed. */
const HEAD_START_MS = 200

/** A candidate that was joined. The socket is paused; its taker ends it. */
export interface JoinedCandidate {
  readonly candidate: Candidate
  readonly socket: Socket
}

/** Tries at several candidates, of which one is to be joined. */
export interface CandidateRace {
  /** The first that was joined; undefined when none can be. Never rejects. */
  readonly winner: Promise<JoinedCandidate | undefined>
  /** Gives up the tries at these candidates, and makes none that has not begun. */
  giveUp(which: (candidate: Candidate) => boolean): void
}

/**
 * Tries candidates from the highest priority down, each with a head start over the next. `dial` tells of its failures
 * itself.
 */
export function raceCandidates(
  candidates: readonly Candidate[],
  dial: (candidate: Candidate, signal: AbortSignal) => Promise<Socket>,
): CandidateRace {
  const runners = candidates
    .toSorted((a, b) => b.priority - a.priority)
    .map((candidate) => ({ candidate, controller: new AbortController() }))
  const { promise: winner, resolve } = Promise.withResolvers<JoinedCandidate | undefined>()
  const over = new AbortController()

  const giveUp: CandidateRace['giveUp'] = (which) => {
    for (const { candidate, controller } of runners) if (which(candidate)) controller.abort()
  }

  async function attempt({ candidate, controller }: (typeof runners)[number]): Promise<void> {
    const socket = await dial(candidate, controller.signal).catch(() => undefined)
    if (!socket) return
    if (over.signal.aborted || controller.signal.aborted) {
      socket.destroy()
      return
    }
    over.abort()
    resolve({ candidate, socket })
    giveUp((other) => other !== candidate)
  }

  async function run(): Promise<void> {
    const attempts: Promise<void>[] = []
    for (const runner of runners) {
      if (runner.controller.signal.aborted) continue
      const begun = attempt(runner)
      attempts.push(begun)
      await Promise.race([begun, sleep(HEAD_START_MS, undefined, { signal: over.signal }).catch(() => {})])
    }
    await Promise.all(attempts)
    over.abort()
    resolve(undefined)
  }
  void run()
  return { winner, giveUp }
}
