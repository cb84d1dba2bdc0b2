import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { type Balancer, startBalancer } from './balancer.ts'
import { freePort } from './port.ts'

/** A backend that answers its name and all it was sent, after the client's FIN. */
async function echo(name: string): Promise<{ server: Server; address: { host: string; port: number } }> {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => {})
    socket.end(`${name}:${await text(socket)}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } }
}

async function ask(balancer: Balancer, question: string): Promise<string> {
  const socket = connect({ ...balancer.address, allowHalfOpen: true })
  socket.end(question)
  return text(socket)
}

describe('startBalancer()', () => {
  it('goes round its backends, and carries half-closes', async () => {
    const [a, b] = [await echo('a'), await echo('b')]
    await using balancer = await startBalancer()
    balancer.add(a.address)
    balancer.add(b.address)
    assert.deepEqual(
      [await ask(balancer, '1'), await ask(balancer, '2'), await ask(balancer, '3')],
      ['a:1', 'b:2', 'a:3'],
    )
    balancer.aimAt(a.address)
    assert.deepEqual([await ask(balancer, '4'), await ask(balancer, '5')], ['a:4', 'b:5'])
    a.server.close()
    b.server.close()
  })

  it('passes over a backend that refuses', async () => {
    const a = await echo('a')
    await using balancer = await startBalancer()
    balancer.add({ host: '127.0.0.1', port: await freePort() })
    balancer.add(a.address)
    assert.equal(await ask(balancer, '1'), 'a:1')
    a.server.close()
  })

  it('carries a reset', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await using balancer = await startBalancer()
    balancer.add({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    const socket: Socket = connect(balancer.address)
    socket.write('x')
    const [error] = await once(socket, 'error')
    assert.equal(error.code, 'ECONNRESET')
    server.close()
  })
})
