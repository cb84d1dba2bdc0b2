import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../../deploy/local/folder.ts'
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
  it('has four MiB a turn, and leaves the next to others', async () => {
    await using opened = new AsyncDisposableStack()
    const folder = opened.use(temporaryFolder('direction'))
    // Never at its end and never full, unlike sockets: only the turn can end the turn.
    const sender = opened.use(await open(folder.file('sent'), 'w+'))
    await sender.truncate(16 << 20)
    const receiver = opened.use(await open('/dev/null', 'w'))
    const descriptors = opened.adopt(WorkerDescriptors.room(2), (it) => it.closeAll())
    const tools = {
      pipes: new PipePool(descriptors, { bytes: 64 * 1024, pipes: 1 }, 0),
      scratch: Buffer.alloc(0),
      lacked: { pipeWaits: 0, copiedBytes: 0 },
    }
    const direction = new Direction({ from: sender.fd, to: receiver.fd, prefix: nothing }, tools, undefined)

    assert.equal(direction.turn(), 'unfinished')
    const { delivered } = direction
    assert.ok(delivered >= 4 << 20 && delivered < (4 << 20) + 64 * 1024, `${delivered} bytes`)
    direction.close()
  })

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
