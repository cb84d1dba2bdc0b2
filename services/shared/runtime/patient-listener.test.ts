import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { PatientListener } from './patient-listener.ts'

/** A server of which the kernel says that so many wait. */
async function start(waiting: { now: number }) {
  const clock = new ManualClock()
  const failed: [string, number][] = []
  const server = createServer((socket) => socket.end())
  const listener = await PatientListener.start(
    {
      server,
      clock,
      failed: ({ message }, waited) => void failed.push([message, waited]),
      queue: { lengthOf: () => waiting.now },
    },
    { host: '127.0.0.1', port: 0 },
  )
  const look = async (ms: number) => {
    clock.advance(ms)
    // Before the second look the event loop turns.
    await setImmediate()
    await setImmediate()
  }
  return { server, listener, clock, failed, look, [Symbol.dispose]: () => listener.stop() }
}

async function visit(port: number): Promise<void> {
  await once(connect(port, '127.0.0.1').resume(), 'close')
}

async function resumed(server: Server): Promise<void> {
  if (!server.listening) await once(server, 'listening')
}

describe('PatientListener', () => {
  it('listens no more for a second when somebody waits in vain, then again at the same port', async () => {
    const waiting = { now: 3 }
    using it = await start(waiting)
    const { port } = it.listener.address
    await it.look(1_000)
    assert.equal(it.server.listening, true)
    await it.look(50)
    assert.equal(it.server.listening, false)
    assert.deepEqual(it.failed, [['Cannot accept connections: the kernel hands none over', 3]])
    waiting.now = 0
    it.clock.advance(1_000)
    await resumed(it.server)
    await visit(port)
  })

  it('pauses again, sooner, while it goes on', async () => {
    using it = await start({ now: 1 })
    await it.look(1_000)
    await it.look(50)
    it.clock.advance(1_000)
    await resumed(it.server)
    await it.look(50)
    await it.look(50)
    assert.equal(it.server.listening, false)
    assert.equal(it.failed.length, 2)
  })

  it('listens on while others are accepted, though somebody waits at every look', async () => {
    using it = await start({ now: 1 })
    await it.look(1_000)
    for (let looks = 0; looks < 3; looks++) {
      await visit(it.listener.address.port)
      await it.look(1_000)
    }
    assert.deepEqual([it.server.listening, it.failed], [true, []])
  })

  it('counts those that a full server drops as accepted', async () => {
    using it = await start({ now: 1 })
    it.server.maxConnections = 0
    await it.look(1_000)
    await visit(it.listener.address.port)
    await it.look(50)
    assert.deepEqual([it.server.listening, it.failed], [true, []])
  })

  it('tries every second when it cannot listen again', async () => {
    using it = await start({ now: 1 })
    const { port } = it.listener.address
    await it.look(1_000)
    await it.look(50)
    const other = createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    const refused = once(it.server, 'error')
    it.clock.advance(1_000)
    await refused
    assert.match(it.failed[1]?.[0] ?? '', /^Cannot accept connections: .*EADDRINUSE/)
    other.close()
    await once(other, 'close')
    it.clock.advance(1_000)
    await resumed(it.server)
  })

  it('stays away when it is stopped in a pause, or while it is about to listen again', async () => {
    for (const lateMs of [500, 1_000]) {
      using it = await start({ now: 1 })
      await it.look(1_000)
      await it.look(50)
      it.clock.advance(lateMs)
      it.listener.stop()
      it.clock.advance(60_000)
      await setImmediate()
      assert.deepEqual([it.server.listening, it.clock.pending], [false, 0])
    }
  })
})
