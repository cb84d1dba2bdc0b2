/**
 * How many connections to the trunk port may have shown no ticket yet, and how many may be in the handshake of TLS: of
 * each so many descriptors are among those that `capacity.ts` keeps back.
 */
export const MOST_STRANGERS = 64

/**
 * Whom one more has cost its place: the one that has been there longest, once there are too many. Relays show their ticket
 * within a round trip, so it is hardly ever one of them, however many others come and say nothing.
 */
export function oldestOfTooMany<T>(strangers: ReadonlySet<T> | ReadonlyMap<unknown, T>): T | undefined {
  return strangers.size > MOST_STRANGERS ? strangers.values().next().value : undefined
}
