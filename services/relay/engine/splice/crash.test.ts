import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openDescriptors } from '../../../../test/support/descriptors.ts'
import { type EngineClients, openEngineClients } from '../../../../test/support/engine-clients.ts'
import { closed, readToEnd, readUpTo } from '../../../../test/support/socks-client.ts'
import { until } from '../../../../test/support/until.ts'
import { RateLimit } from '../rate-limit.ts'
import { SpliceEngine } from './engine.ts'

/** A rate limit without the memory that it needs: the worker throws at the first byte. */
const poison = new RateLimit({ bytesPerSecond: 1, epochMs: 0, memory: new SharedArrayBuffer(0) })

/** Rooms of either of two workers. */
const doomed = 'a'
const safe = 'b'

describe('A splice engine whose worker crashes', () => {
  let engine: SpliceEngine
  let clients: EngineClients
  const crashes: Error[] = []

  before(async () => {
    const onCrash = (error: Error) => void crashes.push(error)
    engine = new SpliceEngine({ budget: { bytes: 8 << 20, pipes: 64 }, workers: 2, userTimeoutMs: 0, onCrash })
    clients = await openEngineClients(engine)
  })
  after(async () => {
    await clients[Symbol.asyncDispose]()
    await engine.stop()
  })

  /** Has the worker of a room crash in the middle of its work. */
  async function crash(room: string): Promise<void> {
    const [first, second] = [await clients.hold({ room }), await clients.hold({ room })]
    first.client.write('the last straw')
    assert.deepEqual(await engine.join(first.held, second.held, [poison]).ended, { how: 'crashed' })
  }

  async function exactly(room: string): Promise<void> {
    const { a, b, flow } = await clients.join({ room })
    const bytes = randomBytes(2_000_000)
    a.end(bytes)
    b.end('answer')
    assert.ok((await readToEnd(b)).equals(bytes))
    assert.equal((await readToEnd(a)).toString(), 'answer')
    assert.deepEqual(await flow.ended, { how: 'finished' })
  }

  it('resets its streams, gives its halves up, and tells why', async () => {
    const stuck = await clients.join({ room: doomed })
    stuck.a.write(Buffer.alloc(16_000_000))
    await until('its pipe is full', () => stuck.flow.progress().fromFirst.blocked)
    const half = await clients.hold({ room: doomed })
    const left = await clients.hold({ room: doomed })
    left.held.release()
    const resets = Promise.all([closed(stuck.a), closed(stuck.b)])
    const goodbyes = Promise.all([readToEnd(half.client), readToEnd(left.client)])
    await crash(doomed)
    assert.deepEqual(await stuck.flow.ended, { how: 'crashed' })
    assert.deepEqual(await resets, ['ECONNRESET', 'ECONNRESET'])
    await goodbyes
    assert.deepEqual(half.seen, ['gone'])
    assert.deepEqual(left.seen, [])
    half.held.release()
    assert.equal(crashes.length, 1)
    assert.match(String(crashes[0]?.stack), /RangeError[\s\S]*worker\.ts/)
  })

  it('has another in its place, again and again', async () => {
    for (let round = 0; round < 3; round++) {
      await exactly(doomed)
      await crash(doomed)
    }
    await exactly(doomed)
  })

  it('lets the streams of other workers run on', async () => {
    const { a, b, flow } = await clients.join({ room: safe })
    const bytes = randomBytes(30_000_000)
    a.end(bytes)
    const begin = await readUpTo(b, 1_000_000)
    await crash(doomed)
    const rest = await readToEnd(b)
    assert.ok(Buffer.concat([begin, rest]).equals(bytes))
    b.end()
    assert.deepEqual(await flow.ended, { how: 'finished' })
  })

  it('gives a join of halves it lost a reset', async () => {
    const [first, second] = [await clients.hold({ room: doomed }), await clients.hold({ room: doomed })]
    await crash(doomed)
    assert.deepEqual(await engine.join(first.held, second.held).ended, { how: 'reset', side: 'first' })
  })

  it('loses no descriptor', async () => {
    await exactly(doomed)
    await exactly(safe)
    const before = openDescriptors()
    for (let round = 0; round < 5; round++) {
      const stuck = await clients.join({ room: doomed })
      stuck.a.write(Buffer.alloc(16_000_000))
      const halves = await Promise.all([clients.hold({ room: doomed }), clients.hold({ room: doomed })])
      await until('its pipe is full', () => stuck.flow.progress().fromFirst.blocked)
      halves[0].held.release()
      await crash(doomed)
      await Promise.all([closed(stuck.a), closed(stuck.b)])
      assert.equal(engine.load().pipesLent, 0)
      for (const { client } of halves) {
        await readToEnd(client)
        client.destroy()
      }
      await exactly(doomed)
    }
    await until('every socket is closed', () => openDescriptors().get('socket') === before.get('socket'))
    const left = openDescriptors()
    // A worker buys the pipes it needs anew; those of the one before are gone.
    assert.ok((left.get('pipe') ?? 0) <= (before.get('pipe') ?? 0) + 4, `${left.get('pipe')} ends of pipes`)
    left.delete('pipe')
    before.delete('pipe')
    assert.deepEqual(left, before)
  })
})

describe('A splice engine whose worker V8 ends between two lines', () => {
  it('loses no descriptor, and goes on with another', async ({ mock }) => {
    const workers: Worker[] = []
    const { unref } = Worker.prototype
    mock.method(Worker.prototype, 'unref', function (this: Worker) {
      workers.push(this)
      unref.call(this)
    })
    const before = openDescriptors()
    let crashes = 0
    const onCrash = () => void crashes++
    const engine = new SpliceEngine({ budget: { bytes: 8 << 20, pipes: 64 }, workers: 1, userTimeoutMs: 0, onCrash })
    const clients = await openEngineClients(engine)
    for (let round = 1; round <= 3; round++) {
      const { a, b, flow } = await clients.join()
      a.write(Buffer.alloc(16_000_000))
      await until('its pipe is full', () => flow.progress().fromFirst.blocked)
      const ends = Promise.all([closed(a), closed(b)])
      await workers.at(-1)?.terminate()
      assert.deepEqual(await flow.ended, { how: 'crashed' })
      assert.deepEqual(await ends, ['ECONNRESET', 'ECONNRESET'])
      assert.equal(crashes, round)
      assert.equal(workers.length, round)
    }
    await clients[Symbol.asyncDispose]()
    await engine.stop()
    await until('all is closed', () => openDescriptors().get('socket') === before.get('socket'))
    assert.deepEqual(openDescriptors(), before)
  })
})
