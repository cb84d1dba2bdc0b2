import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fleetBytestream, fleetRelay, relayStatus } from '../../../test/support/fleet-records.ts'
import { speedsBetween } from './speeds.ts'

const relay = (name: string, relayedBytes: number, legBytes = 0, uptimeMs = 60_000) =>
  fleetRelay(name, { status: relayStatus({ relayedBytes, legBytes, uptimeMs }) })

describe('speedsBetween()', () => {
  it('is bytes by the time between two looks, legs among a relay’s and not in the sum', () => {
    const before = {
      atMs: 1_000,
      relays: [relay('r0', 1_000, 0), relay('r1', 0, 500)],
      bytestreams: [fleetBytestream('a', { bytesFromFirst: 100, bytesFromSecond: 100 })],
    }
    const after = {
      atMs: 3_000,
      relays: [relay('r0', 5_000, 0), relay('r1', 0, 4_500)],
      bytestreams: [fleetBytestream('a', { bytesFromFirst: 1_100, bytesFromSecond: 1_100 })],
    }
    const { relays, bytestreams, total } = speedsBetween(before, after)
    assert.deepEqual([relays.get('r0'), relays.get('r1'), total, bytestreams.get('a')], [2_000, 2_000, 2_000, 1_000])
  })

  it('is unknown for relays at the first look, and the mean of its life for a bytestream that is new', () => {
    const now = {
      atMs: 5,
      relays: [relay('r0', 1_000)],
      bytestreams: [fleetBytestream('a', { bytesFromFirst: 5_000, ageMs: 2_000 })],
    }
    const { relays, bytestreams, total } = speedsBetween(undefined, now)
    assert.deepEqual([relays.get('r0'), bytestreams.get('a'), total], [undefined, 2_500, 0])
  })

  it('is unknown for a relay that came, fell silent or was started anew', () => {
    const look = (atMs: number, relays: ReturnType<typeof relay>[]) => ({ atMs, relays, bytestreams: [] })
    const silent = fleetRelay('silent', { status: null })
    const { relays, total } = speedsBetween(
      look(0, [relay('silent', 10), relay('anew', 9_000, 0, 60_000)]),
      look(1_000, [silent, relay('anew', 10, 0, 500), relay('new', 10)]),
    )
    assert.deepEqual([[...relays], total], [[], 0])
  })
})
