import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { randomRelay } from '../../shared/registry/registry.contract.ts'
import type { RelayRecord } from '../../shared/registry/registry.ts'
import { FleetWaiting } from './fleet-waiting.ts'

const leaseMs = 30_000

/** What relay-0 knows, where ten halves may wait on all relays. */
function start() {
  const clock = new ManualClock()
  const here = { size: 0 }
  const parts = { clock, here: () => here.size, leaseMs }
  return { clock, here, fleet: new FleetWaiting(parts, { pod: 'relay-0', maxFleetWaiting: 10 }) }
}

const relay = (name: string, waiting: number): RelayRecord => ({ ...randomRelay(name), waiting })

describe('FleetWaiting', () => {
  it('counts what waits here as it is, and elsewhere as it was heard last', () => {
    const { here, fleet } = start()
    here.size = 2
    assert.equal(fleet.size, 2)
    fleet.heard([relay('relay-0', 1), relay('relay-1', 3), relay('relay-2', 4)])
    assert.equal(fleet.size, 9)
    here.size = 1
    assert.equal(fleet.size, 8)
    fleet.heard([relay('relay-0', 2), relay('relay-1', 0), relay('relay-2', 4)])
    assert.equal(fleet.size, 5)
  })

  it('is full from the first half on that would be too many, until one has left', () => {
    const { here, fleet } = start()
    fleet.heard([relay('relay-1', 8)])
    for (const [size, full] of [
      [1, false],
      [2, true],
      [3, true],
      [1, false],
    ] as const) {
      here.size = size
      assert.equal(fleet.full, full, `${size} here`)
    }
  })

  it('counts relays that drain, and none of a version that does not say', () => {
    const { fleet } = start()
    fleet.heard([{ ...relay('relay-1', 3), draining: true }, randomRelay('relay-2')])
    assert.equal(fleet.size, 3)
  })

  it('counts a relay that is gone for as long as the leases of its halves', () => {
    const { clock, fleet } = start()
    fleet.heard([relay('relay-1', 3), relay('relay-2', 4)])
    clock.advance(leaseMs - 1)
    fleet.heard([relay('relay-2', 4)])
    assert.equal(fleet.size, 7)
    clock.advance(1)
    fleet.heard([relay('relay-2', 4)])
    assert.equal(fleet.size, 4)
  })

  it('counts a relay that is back as it says itself', () => {
    const { fleet } = start()
    fleet.heard([relay('relay-1', 3)])
    fleet.heard([])
    fleet.heard([relay('relay-1', 0)])
    assert.equal(fleet.size, 0)
  })

  it('goes by what it heard last while the registry says nothing', () => {
    const { clock, fleet } = start()
    fleet.heard([relay('relay-1', 10)])
    clock.advance(100 * leaseMs)
    assert.equal(fleet.full, true)
  })
})
