import type { Streamhost } from '../bytestreams/streamhost.ts'
import type { StreamhostReport } from './report.ts'
import { generalFailure } from './round-trip.ts'
import type { SelfTestFailure } from './self-test-failure.ts'

/** One bytestream through the address: answers with the relays it took, throws a `SelfTestFailure`. */
export type Trip = (signal: AbortSignal) => Promise<readonly string[]>

export interface AddressCheckOptions {
  /** How long one bytestream may take, and how long further ones are begun. */
  readonly selfTestTimeoutMs: number
  /** Aborts when the test is to be given up: what is then thrown says nothing about the address. */
  readonly signal: AbortSignal
}

/**
 * Checks one address with one bytestream, and with more until every relay of `wanted` has carried bytes: each
 * connection goes where the balancer sends it. How many is bounded, so a relay may remain that was not reached. The
 * address fails with the first bytestream that fails; only a relay that refuses as one that drains is passed over, as long as
 * another takes the bytes.
 */
export async function checkAddress(
  { trip, wanted, now }: { readonly trip: Trip; readonly wanted: () => readonly string[]; readonly now: () => number },
  { name, host, port }: Streamhost,
  { selfTestTimeoutMs, signal }: AddressCheckOptions,
): Promise<StreamhostReport> {
  const startedMs = now()
  const reached = new Set<string>()
  let failure: SelfTestFailure | undefined
  for (let trips = 0; trips < mostTrips(wanted().length) && now() - startedMs <= selfTestTimeoutMs; trips++) {
    try {
      const relays = await trip(AbortSignal.any([signal, AbortSignal.timeout(selfTestTimeoutMs)]))
      for (const relay of relays) reached.add(relay)
      failure = undefined
    } catch (error) {
      signal.throwIfAborted()
      failure = error as SelfTestFailure
      if (failure.reply !== generalFailure) break
    }
    if (reached.size > 0 && wanted().every((relay) => reached.has(relay))) break
  }
  const passed = failure === undefined || (failure.reply === generalFailure && reached.size > 0)
  return {
    name,
    host,
    port,
    outcome: passed ? 'passed' : 'failed',
    ...(!passed && failure && { reason: failure.reason, message: failure.message }),
    seconds: (now() - startedMs) / 1_000,
    relays: [...reached].sort(),
  }
}

/** Enough for a fair balancer to send two connections a bytestream to every one of the relays, nearly always. */
function mostTrips(relays: number): number {
  return Math.min(4 + 4 * relays, 100)
}
