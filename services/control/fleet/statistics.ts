import type { Relay__Output as FleetRelay } from '../../shared/rpc/generated/splice65/control/v1/Relay.ts'
import type { RelayStatus__Output as RelayStatus } from '../../shared/rpc/generated/splice65/control/v1/RelayStatus.ts'

/** A fleet in numbers. The sums are over the relays that answered. */
export interface FleetStatistics {
  readonly relays: number
  readonly draining: number
  /** Relays that did not answer. */
  readonly unanswered: number
  /** Half-connections that wait. */
  readonly waiting: number
  /** Live bytestreams. */
  readonly bytestreams: number
  /** Live bytestreams that cross relays. */
  readonly crossing: number
  /** Bytes of all bytestreams since the relays started, each byte once however many relays it crossed. */
  readonly relayedBytes: number
  readonly socketsOpen: number
  readonly socketsMax: number
}

/** Adds up what relays say. */
export function statisticsOf(relays: readonly FleetRelay[]): FleetStatistics {
  const answers = relays.flatMap(({ status }) => (status ? [status] : []))
  const sum = (number: (status: RelayStatus) => number) => answers.reduce((total, each) => total + number(each), 0)
  return {
    relays: relays.length,
    draining: relays.filter(({ draining }) => draining).length,
    unanswered: relays.length - answers.length,
    waiting: sum(({ waiting }) => waiting),
    bytestreams: sum(({ bytestreams }) => bytestreams),
    crossing: sum(({ legs }) => legs),
    relayedBytes: sum(({ relayedBytes }) => relayedBytes),
    socketsOpen: sum(({ socketsOpen }) => socketsOpen),
    socketsMax: sum(({ socketsMax }) => socketsMax),
  }
}
