import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { createMemoryRegistry } from '../shared/registry/memory.ts'
import type { RelayRecord } from '../shared/registry/registry.ts'
import { openDirectory } from './directory.ts'

const relay = (name: string): RelayRecord => ({ name, rpcAddress: `${name}:1`, load: 0, draining: false, version: '1' })

async function setUp(listed: RelayRecord[]) {
  const clock = new ManualClock()
  const memory = createMemoryRegistry({ clock })
  const store = { listed, away: false }
  const registry: typeof memory = Object.assign(Object.create(memory), {
    async relays() {
      if (store.away) throw new Failure('unavailable', 'Redis is away')
      return store.listed
    },
  })
  const told: string[] = []
  const onListed = ({ name }: RelayRecord) => void told.push(name)
  const directory = await openDirectory(
    { registry, clock, onListed },
    { directoryRefreshMs: 1_000, directoryMemoryMs: 60_000 },
  )
  /** Lets time pass, a refresh at a time. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000)
      await setImmediate()
    }
  }
  const names = (relays: RelayRecord[]) => relays.map(({ name }) => name)
  return {
    store,
    directory,
    told,
    pass,
    clock,
    alive: () => names(directory.alive()),
    known: () => names(directory.known()),
  }
}

describe('openDirectory()', () => {
  it('knows the relays from the start and follows the registry', async () => {
    const { store, directory, pass, alive } = await setUp([relay('r0')])
    assert.deepEqual(alive(), ['r0'])
    store.listed = [relay('r0'), relay('r1')]
    await pass(1_000)
    assert.deepEqual(alive(), ['r0', 'r1'])
    assert.equal(directory.find('r1')?.rpcAddress, 'r1:1')
  })

  it('tells of every relay that is listed, each time, and of no other', async () => {
    const { store, told, pass } = await setUp([relay('r0')])
    store.listed = [relay('r1')]
    await pass(1_000)
    store.away = true
    await pass(1_000)
    assert.deepEqual(told, ['r0', 'r1'])
  })

  it('keeps a relay that vanished alive for a lease, and known for a minute', async () => {
    const { store, pass, alive, known } = await setUp([relay('r0')])
    store.listed = []
    await pass(10_000)
    assert.deepEqual(alive(), ['r0'])
    await pass(1_000)
    assert.deepEqual([alive(), known()], [[], ['r0']])
    await pass(50_000)
    assert.deepEqual(known(), [])
  })

  it('makes nobody older while the registry is away', async () => {
    const { store, directory, pass, alive } = await setUp([relay('r0')])
    store.away = true
    await pass(600_000)
    assert.deepEqual(alive(), ['r0'])
    assert.ok(!directory.noneAlive())
  })

  it('says that none is alive only after an empty list for longer than a lease', async () => {
    const { store, directory, pass } = await setUp([])
    await pass(10_000)
    assert.ok(!directory.noneAlive())
    await pass(1_000)
    assert.ok(directory.noneAlive())
    store.listed = [relay('r0')]
    await pass(1_000)
    assert.ok(!directory.noneAlive())
  })

  it('leaves no timer behind', async () => {
    const { directory, clock } = await setUp([])
    await directory.stop()
    assert.equal(clock.pending, 0)
  })
})
