import { type Case, casesOf, type Family } from './case.ts'
import { clientFaults } from './faults/client.ts'
import { clockFaults } from './faults/clock.ts'
import { controlFaults } from './faults/control.ts'
import { killPointFaults } from './faults/kill-points.ts'
import { nameFaults } from './faults/names.ts'
import { peerFaults } from './faults/peer.ts'
import { redisFaults } from './faults/redis.ts'
import { relayFaults } from './faults/relay.ts'
import { resourceFaults } from './faults/resources.ts'
import { systemCallFaults } from './faults/system-calls.ts'
import { trunkFaults } from './faults/trunk.ts'
import { ejabberdFaults, prosodyFaults } from './faults/xmpp.ts'

/** Every family of faults, in the order in which they run. */
export const families: readonly Family[] = [
  relayFaults,
  controlFaults,
  killPointFaults,
  redisFaults,
  peerFaults,
  trunkFaults,
  prosodyFaults,
  ejabberdFaults,
  clientFaults,
  resourceFaults,
  systemCallFaults,
  nameFaults,
  clockFaults,
]

/** Every row of the failure matrix. */
export const cases: readonly Case[] = casesOf(families)
