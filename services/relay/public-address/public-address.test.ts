import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { Address } from './find-address.ts'
import { PublicAddress } from './public-address.ts'

const here = { host: '192.0.2.1', port: 7777 }
const there = { host: '192.0.2.2', port: 7777 }
const pending = new Failure('not-ready', 'pending')
const away = new Failure('unavailable', 'away')

function setUp(first: Address | Failure) {
  const clock = new ManualClock()
  const told: string[] = []
  const world = { answer: first, looks: 0 }
  const publicAddress = new PublicAddress(
    {
      async find(listenPort) {
        assert.equal(listenPort, 7778)
        world.looks += 1
        if (world.answer instanceof Failure) throw world.answer
        return world.answer
      },
      clock,
      events: {
        publicAddressChanged: ({ host }) => void told.push(host),
        publicAddressUnknown: ({ message }, address) => void told.push(`${message}: ${address?.host ?? 'none'}`),
      },
    },
    { listenPort: 7778 },
  )
  let changes = 0
  publicAddress.onChange(() => {
    changes += 1
  })
  publicAddress.start()
  const pass = async (ms: number) => {
    clock.advance(ms)
    await setImmediate()
  }
  return { publicAddress, world, told, pass, changes: () => changes }
}

describe('PublicAddress', () => {
  it('is unknown until it is found, and looks for it less and less often', async () => {
    const { publicAddress, world, told, pass, changes } = setUp(pending)
    await pass(0)
    assert.deepEqual([publicAddress.current, world.looks], [undefined, 1])
    for (const ms of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = world.looks
      await pass(ms - 1)
      assert.equal(world.looks, before)
      await pass(1)
      assert.equal(world.looks, before + 1)
    }
    assert.deepEqual([told, changes()], [['pending: none'], 0])
    world.answer = here
    await pass(15_000)
    assert.deepEqual([publicAddress.current, told, changes()], [here, ['pending: none', here.host], 1])
  })

  it('is looked at again every minute', async () => {
    const { publicAddress, world, told, pass, changes } = setUp(here)
    await pass(0)
    await pass(60_000)
    assert.deepEqual([world.looks, told, changes()], [2, [here.host], 1])
    world.answer = there
    await pass(60_000)
    assert.deepEqual([publicAddress.current, told, changes()], [there, [here.host, there.host], 2])
  })

  it('outlives a question that nobody answers, and not the answer that there is none', async () => {
    const { publicAddress, world, told, pass, changes } = setUp(here)
    await pass(0)
    world.answer = away
    await pass(60_000)
    await pass(500)
    assert.deepEqual([publicAddress.current, told], [here, [here.host, `away: ${here.host}`]])
    world.answer = pending
    await pass(1_000)
    assert.deepEqual([publicAddress.current, changes()], [undefined, 2])
    world.answer = here
    await pass(2_000)
    assert.deepEqual(told, [here.host, `away: ${here.host}`, 'pending: none', here.host])
  })

  it('says nothing more once it is stopped', async () => {
    const { publicAddress, world, told, pass, changes } = setUp(here)
    publicAddress.stop()
    await pass(60_000)
    assert.deepEqual([world.looks, told, changes()], [1, [], 0])
  })
})
