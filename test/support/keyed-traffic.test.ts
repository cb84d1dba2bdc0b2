import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { startFaultProxy } from './fault-proxy/fault-proxy.ts'
import { KeyedTraffic } from './keyed-traffic.ts'
import { closed } from './socks-client.ts'

describe('KeyedTraffic', () => {
  it('is exact where nothing happens to it', async () => {
    await using line = await openLine()
    const traffic = new KeyedTraffic(line, 'one')
    assert.ok(await traffic.goesOn())
    assert.equal(await traffic.finish(), 'exact')
    assert.equal(traffic.lostBytes, 0)
    const [{ sent, arrived }] = traffic.flows
    assert.equal(sent, arrived)
  })

  it('sees an end that came too soon, and counts what is missing', async () => {
    await using line = await openLine()
    line.proxy.add({ type: 'limit_data', bytes: 50_000 }, 'upstream')
    const traffic = new KeyedTraffic(line, 'two')
    assert.equal(await traffic.breaks(5_000), true)
    assert.equal(traffic.delivery(), 'short')
    const [{ sent, arrived }] = traffic.flows
    assert.equal(arrived, 50_000)
    assert.ok(traffic.lostBytes >= sent - arrived && sent > arrived)
  })

  it('sees bytes of another bytestream', async () => {
    await using one = await openLine()
    await using other = await openLine()
    const traffic = new KeyedTraffic({ first: one.first, second: other.second }, 'three')
    const foreign = new KeyedTraffic({ first: other.first, second: one.second }, 'four')
    await traffic.goesOn()
    assert.equal(traffic.delivery(), 'foreign')
    assert.ok(foreign.lostBytes > 0)
  })

  it('loses nothing to a reset, which says that this is not all', async () => {
    await using line = await openLine()
    const traffic = new KeyedTraffic(line, 'five')
    assert.ok(await traffic.goesOn())
    line.proxy.add({ type: 'reset_peer', timeoutMs: 0 })
    assert.ok(await traffic.breaks(5_000))
    assert.equal(traffic.delivery(), 'reset')
    assert.equal(traffic.lostBytes, 0)
  })

  it('knows of a reset that came before it', async () => {
    await using line = await openLine()
    line.proxy.add({ type: 'reset_peer', timeoutMs: 0 })
    await Promise.all([closed(line.first.resume()), closed(line.second.resume())])
    const traffic = new KeyedTraffic(line, 'six')
    assert.equal(await traffic.finish(), 'reset')
  })
})

/** Two ends of one connection that goes through a fault proxy. */
async function openLine() {
  await using opened = new AsyncDisposableStack()
  const server = opened.adopt(createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1'), (it) => void it.close())
  await once(server, 'listening')
  const proxy = opened.use(await startFaultProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }))
  const accepted = once(server, 'connection')
  const first = connect({ ...proxy.address, allowHalfOpen: true })
  const [second] = (await accepted) as [Socket]
  for (const socket of [first, second]) {
    socket.on('error', () => {})
    opened.defer(() => void socket.destroy())
  }
  const line = opened.move()
  return { first, second, proxy, [Symbol.asyncDispose]: () => line.disposeAsync() }
}
