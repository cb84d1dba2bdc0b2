import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openEngineClients } from '../../../../test/support/engine-clients.ts'
import { until } from '../../../../test/support/until.ts'
import { RateLimit, RateLimits } from '../rate-limit.ts'
import { streamEngine } from '../stream.ts'
import { Direction } from './direction.ts'
import * as libc from './libc.ts'
import { PipePool } from './pipe-pool.ts'
import { takeOver } from './take-over.ts'
import { WorkerDescriptors } from './worker-descriptors.ts'

const nothing = Buffer.alloc(0)
/** socket(7): so little that a receiver who reads nothing stops its sender soon. */
const SO_SNDBUF = 7
const LITTLE = new Int32Array([4 * 1024])

describe('Direction', () => {
  it('sets no alarm while its receiver takes nothing, though it has a rate to keep', async () => {
    await using opened = new AsyncDisposableStack()
    const clients = opened.use(await openEngineClients(streamEngine))
    const [sender, receiver] = [await clients.connection(), await clients.connection()]
    const [from, to] = [sender, receiver].map(({ socket }) => {
      const fd = takeOver(socket, nothing)?.fd ?? assert.fail('closed')
      return opened.adopt(fd, (it) => void libc.close(it))
    })
    assert.ok(from !== undefined && to !== undefined)
    libc.setsockopt(to, libc.SOL_SOCKET, SO_SNDBUF, LITTLE, 4)
    const descriptors = opened.adopt(WorkerDescriptors.room(2), (it) => it.closeAll())
    const tools = {
      pipes: new PipePool(descriptors, { bytes: 64 * 1024, pipes: 1 }, 0),
      scratch: Buffer.alloc(64 * 1024),
      lacked: { pipeWaits: 0, copiedBytes: 0 },
    }
    const limits = new RateLimits([new RateLimit(200_000)])
    const direction = new Direction({ from, to, prefix: nothing }, tools, limits)

    sender.client.write(Buffer.alloc(1 << 20))
    const turn = () => {
      direction.turn()
      return direction.blocked
    }
    await until('its receiver takes no more', turn, { everyMs: 1 })
    assert.equal(direction.wakeAt, 0)
    direction.close()
  })
})
