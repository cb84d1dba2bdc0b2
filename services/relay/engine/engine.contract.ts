import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { closed, readToEnd, readUpTo } from '../../../test/support/socks-client.ts'
import { until } from '../../../test/support/until.ts'
import { tcpOptions } from '../tcp-options.ts'
import { type Engine, type Flow, type Held, unwatched } from './engine.ts'
import { RateLimit } from './rate-limit.ts'

const none = Buffer.alloc(0)
const room = 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b:'

/** What every engine promises (`engine.ts`), over real sockets. */
export function engineContract(engine: Engine): void {
  describe(`The ${engine.name} engine`, () => {
    let server: Server
    const accepted: Socket[] = []

    before(async () => {
      server = createServer({ ...tcpOptions, pauseOnConnect: true }, (socket) => accepted.push(socket))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    })
    after(async () => {
      server.close()
      await engine.stop()
    })

    /** A client, and the server's end of its connection. */
    async function connection(): Promise<{ client: Socket; socket: Socket }> {
      const address = server.address()
      assert.ok(address !== null && typeof address === 'object')
      const client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
      await once(client, 'connect')
      // A reset that a test does not wait for is none of its business.
      client.on('error', () => {})
      const isIts = (socket: Socket) => socket.remotePort === client.localPort
      await until('it is accepted', () => accepted.some(isIts), { everyMs: 1 })
      const [socket] = accepted.splice(accepted.findIndex(isIts), 1)
      assert.ok(socket)
      return { client, socket }
    }

    interface Watched {
      client: Socket
      held: Held
      seen: string[]
    }

    async function held(prefix: Buffer = none): Promise<Watched> {
      const { client, socket } = await connection()
      const seen: string[] = []
      const watch = { finished: () => void seen.push('finished'), gone: () => void seen.push('gone') }
      return { client, seen, held: engine.hold(socket, { prefix, room }, watch) }
    }

    async function joined(): Promise<{ a: Socket; b: Socket; flow: Flow }> {
      const [first, second] = [await held(), await held()]
      return { a: first.client, b: second.client, flow: engine.join(first.held, second.held) }
    }

    it('delivers the prefix, then what came early, then the rest, exactly', async () => {
      const [first, second] = [await held(Buffer.from('prefix ')), await held()]
      first.client.write('early ')
      const rest = randomBytes(4_000_000)
      const flow = engine.join(first.held, second.held)
      first.client.end(rest)
      const got = await readToEnd(second.client)
      assert.equal(got.toString('latin1', 0, 13), 'prefix early ')
      assert.ok(got.subarray(13).equals(rest))
      second.client.end()
      assert.deepEqual(await flow.ended, { how: 'finished' })
      assert.deepEqual(flow.progress(), {
        fromFirst: { bytes: rest.length + 13, blocked: false },
        fromSecond: { bytes: 0, blocked: false },
      })
    })

    it('lets nothing out of a held socket', async () => {
      const [first, second] = [await held(), await held()]
      first.client.write('early')
      await until('the kernel has it', () => first.client.bytesWritten === 5)
      assert.equal(second.client.bytesRead, 0)
      first.held.release()
      second.held.release()
      assert.equal((await readToEnd(second.client)).length, 0)
      for (const { client } of [first, second]) client.destroy()
    })

    it('holds early bytes back beyond a bound, and loses none of them', async () => {
      const [first, second] = [await held(), await held()]
      const early = randomBytes(16_000_000)
      first.client.end(early)
      await until('the sender is held back', () => first.client.writableLength > 0)
      engine.join(first.held, second.held)
      assert.ok((await readToEnd(second.client)).equals(early))
      second.client.end()
    })

    it('tells of a FIN while it holds, and still joins, both ways', async () => {
      const [first, second] = [await held(), await held()]
      first.client.end('all')
      await until('the FIN is seen', () => first.seen.includes('finished'))
      const flow = engine.join(first.held, second.held)
      assert.equal((await readToEnd(second.client)).toString(), 'all')
      second.client.end('answer')
      assert.equal((await readToEnd(first.client)).toString(), 'answer')
      assert.deepEqual(await flow.ended, { how: 'finished' })
      assert.deepEqual(first.seen, ['finished'])
    })

    it('tells of a reset while it holds', async () => {
      const { client, seen, held: it } = await held()
      client.resetAndDestroy()
      await until('it is gone', () => seen.includes('gone'))
      it.release()
    })

    it('tells of a connection that was gone before it could hold it', async () => {
      const { client, socket } = await connection()
      socket.destroy()
      await once(socket, 'close')
      const seen: string[] = []
      const it = engine.hold(socket, { prefix: none, room }, { finished() {}, gone: () => void seen.push('gone') })
      await until('it is gone', () => seen.includes('gone'))
      it.release()
      client.destroy()
    })

    it('keeps each direction open after the other’s FIN', async () => {
      for (const order of [0, 1]) {
        const { a, b, flow } = await joined()
        const [early, late] = order === 0 ? [a, b] : [b, a]
        early.end('x')
        assert.equal((await readToEnd(late)).toString(), 'x')
        const answer = randomBytes(300_000)
        late.end(answer)
        assert.ok((await readToEnd(early)).equals(answer))
        assert.deepEqual(await flow.ended, { how: 'finished' })
      }
    })

    it('delivers every byte without a FIN behind it', async () => {
      const { a, b, flow } = await joined()
      for (const size of [1, 2, 1_447, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 200_000]) {
        const bytes = randomBytes(size)
        a.write(bytes)
        assert.ok((await readUpTo(b, size)).equals(bytes), `${size} bytes`)
      }
      flow.abort()
      await Promise.all([closed(a), closed(b)])
    })

    it('ends a connection that was guarded by a FIN as any other, once both directions have finished', async () => {
      const [first, trunk] = [await held(), await connection()]
      engine.guard(trunk.socket)
      const flow = engine.join(first.held, engine.hold(trunk.socket, { prefix: none, room }, unwatched))
      first.client.end('one way')
      trunk.client.end('and the other')
      assert.equal((await readToEnd(trunk.client)).toString(), 'one way')
      assert.equal((await readToEnd(first.client)).toString(), 'and the other')
      assert.deepEqual(await flow.ended, { how: 'finished' })
      assert.deepEqual([trunk.client.errored, first.client.errored], [null, null])
    })

    it('resets one side when the other is reset, and says which', async () => {
      for (const side of ['first', 'second'] as const) {
        const { a, b, flow } = await joined()
        const [breaks, stays] = side === 'first' ? [a, b] : [b, a]
        const end = closed(stays)
        breaks.resetAndDestroy()
        assert.equal(await end, 'ECONNRESET')
        assert.deepEqual(await flow.ended, { how: 'reset', side })
      }
    })

    it('resets both sides when it is aborted', async () => {
      const { a, b, flow } = await joined()
      const ends = Promise.all([closed(a), closed(b)])
      flow.abort()
      assert.deepEqual(await ends, ['ECONNRESET', 'ECONNRESET'])
      assert.deepEqual(await flow.ended, { how: 'aborted' })
    })

    it('holds the sender back while the receiver does not read, and says so', async () => {
      const { a, b, flow } = await joined()
      // More than the kernel's buffers can grow to on their way.
      const bytes = randomBytes(80_000_000)
      a.end(bytes)
      await until('it is blocked', () => flow.progress().fromFirst.blocked && a.writableLength > 0)
      assert.ok(flow.progress().fromFirst.bytes < bytes.length)
      assert.ok((await readToEnd(b)).equals(bytes))
      b.end()
      await flow.ended
      assert.equal(flow.progress().fromFirst.bytes, bytes.length)
    })

    it('keeps to the rates of its limits, shared or not, and starves nobody', async () => {
      const shared = new RateLimit(2_000_000)
      const sizes = [600_000, 600_000]
      const startedAt = performance.now()
      const flows = await Promise.all(
        sizes.map(async (size) => {
          const [first, second] = [await held(), await held()]
          shared.enter()
          const flow = engine.join(first.held, second.held, [shared, new RateLimit(50_000_000)])
          first.client.end(Buffer.alloc(size, size % 251))
          return { flow, to: second.client, size }
        }),
      )
      const [first, second] = flows
      await until('both move', () => flows.every(({ flow }) => flow.progress().fromFirst.bytes > 0))
      assert.ok(first && second)
      await Promise.all(
        flows.map(async ({ to, size }) => assert.ok((await readToEnd(to)).equals(Buffer.alloc(size, size % 251)))),
      )
      // Slower is the machine's affair; faster is ours: 1.2 MB at 2 MB/s, less a burst of 50 ms and one chunk each.
      assert.ok(performance.now() - startedAt > 450)
      for (const { to } of flows) to.end()
    })

    it('never mixes streams up', async () => {
      const flows = await Promise.all(Array.from({ length: 24 }, () => joined()))
      await Promise.all(
        flows.map(async ({ a, b, flow }, key) => {
          a.end(Buffer.alloc(500_000 + key, key))
          b.end(Buffer.alloc(300_000 + key, 255 - key))
          const [toA, toB] = await Promise.all([readToEnd(a), readToEnd(b)])
          assert.ok(toB.equals(Buffer.alloc(500_000 + key, key)))
          assert.ok(toA.equals(Buffer.alloc(300_000 + key, 255 - key)))
          assert.deepEqual(await flow.ended, { how: 'finished' })
        }),
      )
    })
  })
}
