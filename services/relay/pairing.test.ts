import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { freshDigest } from '../../test/support/relays.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import type { Room } from '../shared/bytestream/room.ts'
import { createMemoryRegistry } from '../shared/registry/memory.ts'
import type { Registry } from '../shared/registry/registry.ts'
import type { HalfConnection } from './half-connection.ts'
import { Pairing } from './pairing.ts'

const refused = (code: Failure['code']) => (error: unknown) => error instanceof Failure && error.code === code

let clock: ManualClock
let registryClock: ManualClock
let registry: Registry
let room: Room
let ended: [half: HalfConnection, ending: Ending][]
let released: HalfConnection[]

const events = {
  halfEnded: (half: HalfConnection, ending: Ending) => void ended.push([half, ending]),
  registryFailed: () => {},
}
const options = { activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 }
const pairingOf = (pod: string, over = registry) =>
  new Pairing({ registry: over, clock, events, activated: () => false }, { ...options, pod })

/** Brings a half in as the SOCKS5 listener does. */
async function arrive(pairing: Pairing): Promise<HalfConnection> {
  const half = await pairing.add(room, '192.0.2.1')
  pairing.wait(half, { release: () => void released.push(half) })
  return half
}

/** A registry whose every call fails, as when Redis is away. */
function absent(): Registry {
  const fail = async (): Promise<never> => {
    throw new Failure('unavailable', 'away')
  }
  return new Proxy(registry, { get: (of, key) => (key === 'onReturn' ? of.onReturn : fail) })
}

beforeEach(() => {
  clock = new ManualClock()
  registryClock = new ManualClock()
  registry = createMemoryRegistry({ clock: registryClock })
  room = { digest: freshDigest(), streamhost: '' }
  ended = []
  released = []
})

describe('Pairing.add()', () => {
  it('lets the first two in over all relays, and refuses the third', async () => {
    const [here, there, elsewhere] = [pairingOf('a'), pairingOf('b'), pairingOf('c')]
    await arrive(here)
    await arrive(there)
    await assert.rejects(arrive(elsewhere), refused('taken'))
    assert.deepEqual([here.size, there.size, elsewhere.size], [1, 1, 0])
  })

  it('keeps rooms of one digest at two streamhosts apart', async () => {
    const pairing = pairingOf('a')
    await arrive(pairing)
    await arrive(pairing)
    room = { ...room, streamhost: 'a' }
    await arrive(pairing)
    assert.equal(pairing.waiting(room).length, 1)
  })

  it('judges by what it holds itself while the registry is away', async () => {
    const pairing = pairingOf('a', absent())
    await arrive(pairing)
    const second = await arrive(pairing)
    await assert.rejects(arrive(pairing), refused('taken'))
    pairing.finish(second)
    await arrive(pairing)
    assert.deepEqual(ended, [[second, { outcome: 'aborted', reason: 'replaced' }]])
  })

  it('lets only the other half of a room into a relay that drains', async () => {
    const pairing = pairingOf('a')
    await arrive(pairing)
    pairing.draining = true
    await arrive(pairing)
    room = { digest: freshDigest(), streamhost: '' }
    await assert.rejects(arrive(pairing), refused('unavailable'))
    pairing.draining = false
    await arrive(pairing)
  })
})

describe('A waiting half', () => {
  it('is let go after its time', async () => {
    const pairing = pairingOf('a')
    const half = await arrive(pairing)
    clock.advance(119_999)
    assert.equal(pairing.size, 1)
    clock.advance(1)
    assert.deepEqual(ended, [[half, { outcome: 'expired', reason: 'unactivated' }]])
    assert.deepEqual(released, [half])
    await arrive(pairingOf('b'))
    await arrive(pairingOf('c'))
  })

  it('that sent its FIN stays ten seconds, and gives way to a newcomer', async () => {
    const [here, there] = [pairingOf('a'), pairingOf('b')]
    const half = await arrive(here)
    await arrive(there)
    here.finish(half)
    await arrive(there)
    clock.advance(9_999)
    assert.equal(here.size, 1)
    clock.advance(1)
    assert.deepEqual(ended, [[half, { outcome: 'aborted', reason: 'left' }]])
    assert.equal(there.waiting(room).length, 2)
  })

  it('frees its own slot and no other', async () => {
    const [here, there] = [pairingOf('a'), pairingOf('b')]
    const half = await arrive(here)
    await arrive(there)
    here.end(half, { outcome: 'aborted', reason: 'reset' })
    here.end(half, { outcome: 'aborted', reason: 'reset' })
    assert.equal(ended.length, 1)
    await arrive(here)
    await assert.rejects(arrive(here), refused('taken'))
  })

  it('is not let go while an activation works on it', async () => {
    const pairing = pairingOf('a')
    const half = await arrive(pairing)
    half.reserve()
    clock.advance(130_000)
    assert.equal(pairing.size, 1)
    half.unreserve()
    clock.advance(1_000)
    assert.equal(pairing.size, 0)
  })

  it('is written again after the registry has lost it', async () => {
    const pairing = pairingOf('a')
    await arrive(pairing)
    await arrive(pairing)
    registryClock.advance(31_000)
    assert.equal((await registry.claimActivation(room, 'x')).state, 'waiting')
    await pairing.renew()
    assert.equal((await registry.claimActivation(room, 'x')).state, 'claimed')
  })

  it('leaves no timer behind, however it goes', async () => {
    const pairing = pairingOf('a')
    const joined = await arrive(pairing)
    joined.reserve()
    pairing.join(joined)
    pairing.end(await arrive(pairing), { outcome: 'aborted', reason: 'reset' })
    assert.deepEqual([pairing.size, released.length], [0, 1])
    assert.equal(clock.pending, 0)
  })
})

describe('Pairing.half()', () => {
  it('throws not-found for a half that is not here', () => {
    assert.throws(() => pairingOf('a').half(room, 'nobody'), refused('not-found'))
  })
})
