import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fleetBytestream, fleetRelay, relayStatus } from '../../../test/support/fleet-records.ts'
import { counted, idColumn, listing } from './listing.ts'

const MIB = 1024 * 1024

describe('listing()', () => {
  it('shows relays, then bytestreams', () => {
    const status = relayStatus({
      waiting: 1,
      bytestreams: 2,
      legs: 3,
      relayedBytes: MIB,
      legBytes: MIB,
      socketsOpen: 12,
    })
    const relays = [fleetRelay('r0', { status, publicAddress: '192.0.2.1:7778' }), fleetRelay('r1', { draining: true })]
    const bytestreams = [fleetBytestream('0123456789abcdef', { bytesFromFirst: 3 * MIB, peerRelay: 'r1' })]
    assert.deepEqual(listing(relays, bytestreams, []), [
      'RELAY  STATE     BYTESTREAMS  LEGS  WAITING  RELAYED  SOCKETS  ENGINE          UP  VERSION  ADDRESS',
      'r0     ready               2     3        1  2.0 MiB  12/1000  splice  1 min 00 s  0.1.0    192.0.2.1:7778',
      'r1     draining            0     0        0      0 B   0/1000  splice  1 min 00 s  0.1.0',
      '',
      'ID      ON        AGE    BYTES  REQUESTER                 TARGET',
      '012345  r0 ↔ r1  10 s  3.0 MiB  alice@example.test/phone  bob@example.test/desk',
    ])
  })

  it('says that there is no relay', () => {
    assert.deepEqual(listing([], [], []), ['No relay is known.'])
  })

  it('names every relay that did not answer once, and why', () => {
    const silent = { status: null, fault: 'Cannot describe at r1:6500: refused' }
    const lines = listing(
      [fleetRelay('r0'), fleetRelay('r1', silent), fleetRelay('r2', { ...silent, missingMs: 12_000 })],
      [],
      [{ relay: 'r1', fault: 'Cannot listBytestreams at r1:6500: refused' }],
    )
    assert.match(lines[2] ?? '', /^r1 +silent +— +— /)
    assert.match(lines[3] ?? '', /^r2 +gone 12 s +— +— /)
    assert.deepEqual(lines.slice(4), [
      '',
      'r1 did not answer: Cannot listBytestreams at r1:6500: refused',
      'r2 did not answer: Cannot describe at r1:6500: refused',
    ])
  })

  it('lets nothing of others reach the terminal that it would obey', () => {
    const bad = '\x1b[2J\u202ex'
    const lines = listing(
      [fleetRelay(bad, { version: bad, publicAddress: bad, fault: bad, status: relayStatus({ engine: bad }) })],
      [fleetBytestream(bad, { requester: bad, target: bad, relay: bad, peerRelay: bad })],
      [{ relay: bad, fault: bad }],
    )
    assert.ok(lines.some((line) => line.includes('�[2J�x')))
    assert.doesNotMatch(lines.join(''), /\p{C}/u)
  })
})

describe('idColumn()', () => {
  it('shows as much of an id as tells it from all others, and six digits at least', () => {
    const cells = (ids: string[]) => {
      const bytestreams = ids.map((id) => fleetBytestream(id))
      return bytestreams.map(idColumn(bytestreams).cell)
    }
    assert.deepEqual(cells(['0123456789', 'ffffffffff']), ['012345', 'ffffff'])
    assert.deepEqual(cells(['0123456789', '0123456aaa']), ['01234567', '0123456a'])
    assert.deepEqual(cells(['0123456789', '0123456789']), ['012345', '012345'])
  })
})

describe('counted()', () => {
  it('says one of one', () => {
    assert.deepEqual(
      [0, 1, 2].map((count) => counted(count, 'relay')),
      ['0 relays', '1 relay', '2 relays'],
    )
  })
})
