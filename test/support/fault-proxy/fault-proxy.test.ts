import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { closed, readToEnd, readUpTo } from '../socks-client.ts'
import { until } from '../until.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

describe('A fault proxy', () => {
  let echo: Server
  let proxy: FaultProxy
  let echoed: Set<Socket>

  beforeEach(async () => {
    echoed = new Set()
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      echoed.add(socket.on('error', () => {}))
      socket.pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    proxy = await startFaultProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port })
  })

  afterEach(async () => {
    await proxy.stop()
    for (const socket of echoed) socket.destroy()
    echo.close()
  })

  async function dial(): Promise<Socket> {
    const socket = connect({ ...proxy.address, allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  it('carries bytes and their end both ways, and counts them', async () => {
    const socket = await dial()
    const bytes = randomBytes(1_000_000)
    socket.end(bytes)
    assert.ok((await readToEnd(socket)).equals(bytes))
    assert.deepEqual(proxy.arrived, { upstream: 1_000_000, downstream: 1_000_000 })
    await until('the connection is over', () => proxy.connections === 0)
  })

  it('keeps the order of what `latency` with jitter delays', async () => {
    proxy.add({ type: 'latency', latencyMs: 5, jitterMs: 5 })
    const socket = await dial()
    const bytes = randomBytes(200_000)
    socket.end(bytes)
    assert.ok((await readToEnd(socket)).equals(bytes))
  })

  it('holds all bytes back while there is a `timeout` of 0, and sends them when it goes', async () => {
    const release = proxy.add({ type: 'timeout', timeoutMs: 0 })
    const socket = await dial()
    const held = proxy.until('downstream', 4)
    socket.write('held')
    await held
    assert.equal(socket.read(), null)
    release()
    assert.equal((await readUpTo(socket, 4)).toString(), 'held')
    socket.destroy()
  })

  it('closes what a `timeout` was put on, with nothing delivered', async () => {
    proxy.add({ type: 'timeout', timeoutMs: 20 }, 'upstream')
    const socket = await dial()
    socket.write('lost')
    assert.equal((await readToEnd(socket)).length, 0)
    assert.equal(proxy.arrived.downstream, 0)
    socket.destroy()
  })

  it('resets with `reset_peer` connections that were there before', async () => {
    const socket = await dial()
    socket.write('x')
    await readUpTo(socket, 1)
    proxy.add({ type: 'reset_peer', timeoutMs: 0 })
    assert.equal(await closed(socket), 'ECONNRESET')
  })

  it('lets no byte through where `reset_peer` comes at once', async () => {
    proxy.add({ type: 'reset_peer', timeoutMs: 0 })
    const socket = await dial()
    const end = closed(socket)
    socket.write('x')
    assert.equal(await end, 'ECONNRESET')
    assert.equal(proxy.arrived.upstream, 0)
  })

  it('cuts chunks with `slicer` without losing any of it', async () => {
    proxy.add({ type: 'slicer', averageBytes: 100, variationBytes: 50 })
    const socket = await dial()
    const bytes = randomBytes(20_000)
    socket.end(bytes)
    assert.ok((await readToEnd(socket)).equals(bytes))
  })

  it('lets as much through as `limit_data` says, and closes', async () => {
    proxy.add({ type: 'limit_data', bytes: 1_000 })
    const socket = await dial()
    const bytes = randomBytes(5_000)
    socket.write(bytes)
    assert.ok((await readToEnd(socket)).equals(bytes.subarray(0, 1_000)))
    socket.destroy()
  })

  it('takes as long as `bandwidth` and `slow_close` say', async () => {
    proxy.add({ type: 'bandwidth', bytesPerSecond: 100_000 })
    proxy.add({ type: 'slow_close', delayMs: 20 })
    const socket = await dial()
    const startedMs = performance.now()
    socket.end(randomBytes(10_000))
    assert.equal((await readToEnd(socket)).length, 10_000)
    assert.ok(performance.now() - startedMs >= 110, 'not sooner')
  })

  it('refuses and resets while it is down, and serves again when it is up', async () => {
    const socket = await dial()
    const end = closed(socket)
    await proxy.down()
    assert.equal(await end, 'ECONNRESET')
    await assert.rejects(dial(), { code: 'ECONNREFUSED' })
    await proxy.up()
    const next = await dial()
    next.end('hello')
    assert.equal((await readToEnd(next)).toString(), 'hello')
  })

  it('leads elsewhere when it is told to', async () => {
    const other = createServer((socket) => socket.on('error', () => {}).end('another')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const socket = await dial()
    const end = closed(socket)
    proxy.leadTo({ host: '127.0.0.1', port: (other.address() as AddressInfo).port })
    assert.equal(await end, 'ECONNRESET')
    const next = await dial()
    assert.equal((await readToEnd(next)).toString(), 'another')
    next.destroy()
    other.close()
  })
})
