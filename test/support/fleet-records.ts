import type { Bytestream__Output as Bytestream } from '../../services/shared/rpc/generated/splice65/control/v1/Bytestream.ts'
import type { Relay__Output as Relay } from '../../services/shared/rpc/generated/splice65/control/v1/Relay.ts'
import type { RelayStatus__Output as RelayStatus } from '../../services/shared/rpc/generated/splice65/control/v1/RelayStatus.ts'

/** What a relay that answers says of itself, as control gives it. */
export function relayStatus(given: Partial<RelayStatus> = {}): RelayStatus {
  return {
    waiting: 0,
    bytestreams: 0,
    legs: 0,
    relayedBytes: 0,
    legBytes: 0,
    socketsOpen: 0,
    socketsMax: 1_000,
    engine: 'splice',
    uptimeMs: 60_000,
    ...given,
  }
}

/** A relay as control lists it. */
export function fleetRelay(name: string, given: Partial<Relay> = {}): Relay {
  return {
    name,
    rpcAddress: `${name}:6500`,
    version: '0.1.0',
    draining: false,
    publicAddress: '',
    load: 0,
    missingMs: 0,
    status: relayStatus(),
    fault: '',
    ...given,
  }
}

/** A bytestream as control lists it. */
export function fleetBytestream(id: string, given: Partial<Bytestream> = {}): Bytestream {
  return {
    relay: 'r0',
    id,
    digestPrefix: '0123456789ab',
    requester: 'alice@example.test/phone',
    target: 'bob@example.test/desk',
    ageMs: 10_000,
    bytesFromFirst: 0,
    bytesFromSecond: 0,
    peerRelay: '',
    ...given,
  }
}
