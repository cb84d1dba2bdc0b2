import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { freshDigest } from '../../test/support/relays.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { createMemoryRegistry } from '../shared/registry/memory.ts'
import { Activation } from './activation.ts'
import type { Bytestreams } from './bytestreams.ts'
import type { Connection } from './engine/engine.ts'
import { streamEngine } from './engine/stream.ts'
import { Pairing } from './pairing.ts'

describe('Activation.activate()', () => {
  it('resets a trunk that the engine cannot hold, and its own half waits on', async () => {
    const clock = new ManualClock()
    const room = { digest: freshDigest(), streamhost: '' }
    const pairing = new Pairing(
      {
        registry: createMemoryRegistry({ clock }),
        clock,
        events: { halfEnded() {}, registryFailed() {} },
        activated: () => false,
      },
      { pod: 'r0', activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 },
    )
    const half = await pairing.add(room, '192.0.2.1')
    pairing.wait(half, { release() {} })
    let resets = 0
    const resetAndDestroy = () => void resets++
    const trunk = Object.assign(new PassThrough(), { bytesWritten: 0, resetAndDestroy }) satisfies Connection
    const engine = {
      ...streamEngine,
      hold() {
        throw new Failure('over-limit', 'Cannot start a worker')
      },
    }
    const bytestreams = { of() {}, activated: () => false, demandPlace() {} } as unknown as Bytestreams
    const handOff = async () => ({ go: async () => trunk, abandon: () => assert.fail('GO was said') })
    const activation = new Activation(
      { pairing, bytestreams, engine, handOff, events: { handoffEnded() {} } },
      { pod: 'r0' },
    )
    const order = {
      room,
      first: { id: half.id, relay: 'r0', rpcAddress: 'r0:1' },
      second: { id: 'far', relay: 'r1', rpcAddress: 'r1:1' },
      ...{ requester: 'a@ex.com/R', target: 'b@ex.org/T', selfTest: false, accounts: [] },
    }
    await assert.rejects(activation.activate(order), /Cannot start a worker/)
    assert.deepEqual([resets, half.state], [1, 'waiting'])
  })
})
