import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { RelayCalls } from '../../shared/rpc/relay-api.ts'
import { Fleet } from './fleet.ts'

const status = {
  version: '2',
  engine: 'splice',
  draining: false,
  waiting: 1,
  bytestreams: 2,
  legs: 3,
  relayedBytes: 40,
  legBytes: 50,
  socketsOpen: 9,
  socketsMax: 100,
  uptimeMs: 7_000,
}

const bytestream = {
  id: 'b1',
  digestPrefix: '0123456789ab',
  requester: 'alice@example.test/phone',
  target: 'bob@example.test/desk',
  path: 'PATH_HANDOFF' as const,
  ageMs: 1_000,
  bytesFromFirst: 10,
  bytesFromSecond: 20,
  peerRelay: 'r1',
}

/** A relay that answers as told; every call is noted. */
class Answering {
  readonly asked: unknown[] = []
  readonly calls: RelayCalls

  constructor(calls: Partial<RelayCalls> = {}) {
    const unused = async () => assert.fail('operators do not call this')
    const noted =
      <A>(name: string, answer: A) =>
      async (request: object) => {
        this.asked.push([name, request])
        return answer
      }
    this.calls = {
      activate: unused,
      handoff: unused,
      findHalves: unused,
      describe: noted('describe', status),
      listBytestreams: noted('listBytestreams', { bytestreams: [bytestream] }),
      endBytestream: noted('endBytestream', {}),
      drain: noted('drain', { waiting: 1, bytestreams: 5 }),
      ...calls,
    }
  }
}

const silent = async () => {
  throw new Failure('unavailable', 'Cannot ask at r1:1: No connection established')
}

function fleetOf(relays: Readonly<Record<string, Answering>>, concurrency = 32) {
  const clock = new ManualClock()
  const records = Object.keys(relays).map((name) => ({
    name,
    rpcAddress: `${name}:1`,
    load: 4,
    draining: false,
    version: '1',
    ...(name === 'r0' && { streamhost: { host: '2001:db8::1', port: 7778 } }),
  }))
  const directory = {
    alive: () => assert.fail('operators see what is known, not only what is alive'),
    known: () => [...records].reverse(),
    find: (name: string) => records.find((each) => each.name === name),
    noneAlive: () => false,
    missingMs: (name: string) => (name === 'r1' ? 3_000 : 0),
    stop: async () => {},
  }
  const clients = {
    at: (rpcAddress: string) => relays[rpcAddress.split(':')[0] ?? '']?.calls ?? assert.fail(rpcAddress),
    warm() {},
    close() {},
  }
  const fleet = new Fleet({ directory, relays: clients, clock }, { timeoutMs: 1_000, concurrency })
  return { fleet, clock }
}

const code = (expected: string, message: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === expected && message.test(error.message)

describe('Fleet.relays()', () => {
  it('tells what each known relay says of itself, by name', async () => {
    const { fleet } = fleetOf({ r0: new Answering(), r1: new Answering() })
    const [first, second] = await fleet.relays()
    assert.deepEqual(
      [first?.name, first?.rpcAddress, first?.publicAddress, first?.load, first?.missingMs, first?.fault],
      ['r0', 'r0:1', '[2001:db8::1]:7778', 4, 0, ''],
    )
    assert.equal(first?.version, '2', 'its own word counts, not the record in the registry')
    assert.deepEqual(first?.status, status)
    assert.deepEqual([second?.name, second?.publicAddress, second?.missingMs], ['r1', '', 3_000])
  })

  it('names a relay that does not answer, with what the registry had of it and the reason', async () => {
    const { fleet } = fleetOf({ r0: new Answering(), r1: new Answering({ describe: silent }) })
    const [, second] = await fleet.relays()
    assert.deepEqual([second?.name, second?.version, second?.status], ['r1', '1', null])
    assert.match(second?.fault ?? '', /No connection established/)
  })

  it('believes a relay that says it drains before the registry does', async () => {
    const { fleet } = fleetOf({ r0: new Answering({ describe: async () => ({ ...status, draining: true }) }) })
    assert.deepEqual(
      (await fleet.relays()).map(({ draining }) => draining),
      [true],
    )
  })

  it('asks a bounded number at once, and names those it could not ask in time', async () => {
    const never = new Answering({ describe: () => new Promise(() => {}) })
    const { fleet, clock } = fleetOf({ r0: never, r1: new Answering() }, 1)
    // Its question to r0 holds the one permit for ever.
    void fleet.relays()
    const asked = fleet.bytestreams()
    clock.advance(1_000)
    assert.deepEqual(
      (await asked).unanswered.map(({ relay }) => relay),
      ['r0', 'r1'],
    )
    assert.match((await asked).unanswered[0]?.fault ?? '', /too many/)
  })
})

describe('Fleet.bytestreams()', () => {
  it('lists them by relay, and names the relays that did not answer', async () => {
    const relays = { r0: new Answering(), r1: new Answering({ listBytestreams: silent }), r2: new Answering() }
    const { bytestreams, unanswered } = await fleetOf(relays).fleet.bytestreams()
    assert.deepEqual(
      bytestreams.map(({ relay, id, bytesFromSecond }) => [relay, id, bytesFromSecond]),
      [
        ['r0', 'b1', 20],
        ['r2', 'b1', 20],
      ],
    )
    assert.deepEqual(unanswered, [{ relay: 'r1', fault: 'Cannot ask at r1:1: No connection established' }])
  })

  it('asks one relay alone when told', async () => {
    const relays = { r0: new Answering(), r1: new Answering() }
    const { bytestreams } = await fleetOf(relays).fleet.bytestreams('r1')
    assert.deepEqual(
      bytestreams.map(({ relay }) => relay),
      ['r1'],
    )
    assert.deepEqual(relays.r0.asked, [])
  })

  it('knows no other relay', async () => {
    const { fleet } = fleetOf({ r0: new Answering() })
    await assert.rejects(fleet.bytestreams('r9'), code('not-found', /called r9; known are: r0/))
    await assert.rejects(fleetOf({}).fleet.bytestreams('r9'), code('not-found', /known are: none/))
  })
})

describe('Fleet.end()', () => {
  it('ends a bytestream on the relay that is named', async () => {
    const relays = { r0: new Answering(), r1: new Answering() }
    await fleetOf(relays).fleet.end('r1', 'b1')
    assert.deepEqual([relays.r0.asked, relays.r1.asked], [[], [['endBytestream', { id: 'b1' }]]])
  })
})

describe('Fleet.drain()', () => {
  it('starts and stops draining one relay, and tells what is left on it', async () => {
    const relays = { r0: new Answering(), r1: new Answering() }
    const { fleet } = fleetOf(relays)
    assert.deepEqual(await fleet.drain('r0', true), { waiting: 1, bytestreams: 5 })
    await fleet.drain('r0', false)
    assert.deepEqual(
      [relays.r0.asked, relays.r1.asked],
      [
        [
          ['drain', { draining: true }],
          ['drain', { draining: false }],
        ],
        [],
      ],
    )
  })

  it('knows no other relay', async () => {
    const { fleet } = fleetOf({ r0: new Answering() })
    await assert.rejects(async () => fleet.drain('r9', true), code('not-found', /r9/))
  })
})

describe('Fleet.statistics()', () => {
  it('adds up what those say that answer, and counts the others', async () => {
    const { fleet } = fleetOf({
      r0: new Answering(),
      r1: new Answering({ describe: silent }),
      r2: new Answering({ describe: async () => ({ ...status, draining: true }) }),
    })
    assert.deepEqual(await fleet.statistics(), {
      relays: 3,
      draining: 1,
      unanswered: 1,
      waiting: 2,
      bytestreams: 4,
      crossing: 6,
      relayedBytes: 80,
      socketsOpen: 18,
      socketsMax: 200,
    })
  })
})
