import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { openDescriptors } from '../../../../test/support/descriptors.ts'
import { type EngineClients, type JoinedClients, openEngineClients } from '../../../../test/support/engine-clients.ts'
import { closed, readToEnd, readUpTo } from '../../../../test/support/socks-client.ts'
import { until } from '../../../../test/support/until.ts'
import { Failure } from '../../../shared/bytestream/failure.ts'
import type { FlowEnd } from '../engine.ts'
import { SpliceEngine } from './engine.ts'
import { Thread } from './thread.ts'

const MORE_THAN_BUFFERS = Buffer.alloc(16_000_000, 7)

const { start: started } = Thread.prototype

describe('The descriptors of a splice engine', () => {
  let engine: SpliceEngine
  let clients: EngineClients
  let crashes = 0
  const pipesOfNode = openDescriptors().get('pipe') ?? 0
  /** An engine keeps the pipes it has bought, within this budget. */
  const budget = { bytes: 4 * 1024 * 1024, pipes: 16 }

  before(async () => {
    engine = new SpliceEngine({ budget, workers: 2, userTimeoutMs: 0, onCrash: () => void crashes++ })
    clients = await openEngineClients(engine)
  })
  after(async () => {
    await clients[Symbol.asyncDispose]()
    await engine.stop()
  })

  /** What can become of a stream, each way with how its flow must end; undefined where it never becomes a flow. */
  const fates: Record<string, (room: string) => Promise<FlowEnd['how'] | undefined>> = {
    async 'both finish'(room) {
      const { a, b, flow } = await clients.join({ room })
      a.end('one way')
      b.end('and the other')
      await Promise.all([readToEnd(a), readToEnd(b)])
      return ends(flow)
    },
    async 'a reset on the first side'(room) {
      const { a, b, flow } = await clients.join({ room })
      a.resetAndDestroy()
      assert.equal(await closed(b), 'ECONNRESET')
      return ends(flow)
    },
    async 'a reset on the second side'(room) {
      const { a, b, flow } = await clients.join({ room })
      b.resetAndDestroy()
      assert.equal(await closed(a), 'ECONNRESET')
      return ends(flow)
    },
    async 'an abort, twice'(room) {
      const { flow } = await clients.join({ room })
      flow.abort()
      flow.abort()
      const how = await ends(flow)
      flow.abort()
      return how
    },
    async 'an abort with bytes under way'(room) {
      const { a, flow } = await clients.join({ room })
      a.write(MORE_THAN_BUFFERS)
      await until('it is blocked', () => flow.progress().fromFirst.blocked, { everyMs: 1 })
      flow.abort()
      return ends(flow)
    },
    async 'a reset by a receiver that has not read'(room) {
      const { a, b, flow } = await clients.join({ room })
      a.write(MORE_THAN_BUFFERS)
      await until('it is blocked', () => flow.progress().fromFirst.blocked, { everyMs: 1 })
      b.resetAndDestroy()
      return ends(flow)
    },
    async 'a half-close, then a reset from the same side'(room) {
      const { a, b, flow } = await clients.join({ room })
      a.end()
      await readToEnd(b)
      a.resetAndDestroy()
      return ends(flow)
    },
    async 'a half-close, then a reset from the other side'(room) {
      const { a, b, flow } = await clients.join({ room })
      a.end()
      await readToEnd(b)
      b.resetAndDestroy()
      return ends(flow)
    },
    async 'a FIN before the join'(room) {
      const [first, second] = [await clients.hold({ room }), await clients.hold({ room })]
      first.client.end('early')
      await until('the FIN is seen', () => first.seen.includes('finished'), { everyMs: 1 })
      const flow = engine.join(first.held, second.held)
      assert.equal((await readToEnd(second.client)).toString(), 'early')
      second.client.end()
      await readToEnd(first.client)
      return ends(flow)
    },
    async 'early data, then a reset as it is joined'(room) {
      const [first, second] = [await clients.hold({ room }), await clients.hold({ room })]
      first.client.write('early')
      await until('it has left', () => first.client.bytesWritten === 5, { everyMs: 1 })
      first.client.resetAndDestroy()
      return ends(engine.join(first.held, second.held))
    },
    async 'a join with one that is gone already'(room) {
      const [first, second] = [await clients.hold({ room }), await clients.hold({ room })]
      second.client.resetAndDestroy()
      await until('it is gone', () => second.seen.includes('gone'), { everyMs: 1 })
      return ends(engine.join(first.held, second.held))
    },
    async 'a join with a connection that Node had closed'(room) {
      const [first, { client, socket }] = [await clients.hold({ room }), await clients.connection()]
      socket.destroy()
      await once(socket, 'close')
      const second = engine.hold(socket, { room, prefix: Buffer.alloc(0) }, { finished() {}, gone() {} })
      client.destroy()
      return ends(engine.join(first.held, second))
    },
    async 'released while it is held, twice'(room) {
      const { client, held } = await clients.hold({ room })
      client.write('early')
      held.release()
      held.release()
      await closed(client)
      return undefined
    },
    async 'gone while it is held'(room) {
      const { client, held, seen } = await clients.hold({ room })
      client.resetAndDestroy()
      await until('it is gone', () => seen.includes('gone'), { everyMs: 1 })
      held.release()
      return undefined
    },
  }

  /** Both clients of a flow may be thrown away once it has ended. */
  async function ends(flow: JoinedClients['flow']): Promise<FlowEnd['how']> {
    return (await flow.ended).how
  }

  const expected: Record<string, FlowEnd['how'] | undefined> = {
    'both finish': 'finished',
    'a FIN before the join': 'finished',
    'an abort, twice': 'aborted',
    'an abort with bytes under way': 'aborted',
    'released while it is held, twice': undefined,
    'gone while it is held': undefined,
  }

  async function live(times: number): Promise<void> {
    const names = Object.keys(fates)
    const one = async (lane: number) => {
      for (let i = lane; i < times; i += 20) {
        const name = names[i % names.length] ?? ''
        const how = await fates[name]?.(`room ${i}`)
        assert.equal(how, name in expected ? expected[name] : 'reset', name)
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, lane) => one(lane)))
  }

  /** What is open once every client has left. */
  async function settled(): Promise<Map<string, number>> {
    await clients[Symbol.asyncDispose]()
    clients = await openEngineClients(engine)
    return openDescriptors()
  }

  it('are what they were after 1 000 streams that ended in every way', async () => {
    // The first streams buy the pipes that the engine keeps.
    await live(100)
    const before = await settled()
    await live(1_000)
    await settled()
    await until('every socket is closed', () => openDescriptors().get('socket') === before.get('socket'))
    const left = openDescriptors()
    assert.ok((left.get('pipe') ?? 0) - pipesOfNode <= 2 * budget.pipes, 'pipes within their budget')
    left.delete('pipe')
    before.delete('pipe')
    assert.deepEqual(left, before)
    assert.equal(crashes, 0)
  })

  it('are all given back by stop(), with live flows and halves, which it resets', async () => {
    const before = openDescriptors()
    const other = new SpliceEngine({ budget, workers: 2, userTimeoutMs: 0, onCrash: () => void crashes++ })
    const theirs = await openEngineClients(other)
    const streams = await Promise.all(Array.from({ length: 10 }, (_, i) => theirs.join({ room: `room ${i}` })))
    for (const { a } of streams) a.write(MORE_THAN_BUFFERS)
    const half = await theirs.hold()
    await readUpTo(streams[0]?.b ?? half.client, 100_000)
    const cut = Promise.all(streams.map(({ b }) => closed(b)))
    await other.stop()
    for (const { flow } of streams) assert.deepEqual(await flow.ended, { how: 'aborted' })
    assert.deepEqual([...new Set(await cut)], ['ECONNRESET'])
    await until('the half is gone', () => half.seen.includes('gone'))
    await theirs[Symbol.asyncDispose]()
    await until('all is closed', () => openDescriptors().get('socket') === before.get('socket'))
    assert.deepEqual(openDescriptors(), before)
    assert.equal(crashes, 0)
  })

  it('are all given back when not all of its workers can start', async (test) => {
    const before = openDescriptors()
    const start = test.mock.method(Thread.prototype, 'start', function (this: Thread) {
      if (start.mock.callCount() === 1) throw new Failure('over-limit', 'Cannot start a worker: errno 24')
      return started.call(this)
    })
    const theirs = { budget, workers: 2, userTimeoutMs: 0, onCrash: () => void crashes++ }
    assert.throws(() => new SpliceEngine(theirs), /Cannot start a worker: errno 24/)
    await until('all is closed', () => isDeepStrictEqual(openDescriptors(), before))
    assert.equal(crashes, 0)
  })
})
