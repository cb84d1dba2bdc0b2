import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { until } from '../../../test/support/until.ts'
import { digestAsTyped } from '../bytestream/digest.ts'
import { Failure } from '../bytestream/failure.ts'
import { relayService } from './protocol.ts'
import type { RelayHandlers } from './relay-api.ts'
import { openRelayClients } from './relay-clients.ts'
import { serveRpc } from './server.ts'

describe('RelayClients.warm()', () => {
  it('connects before there is a call', { timeout: 5_000 }, async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const clients = openRelayClients({})
    const connected = once(server, 'connection')
    clients.warm(`127.0.0.1:${(server.address() as AddressInfo).port}`)
    const [socket] = await connected
    clients.close()
    socket.destroy()
    server.close()
  })
})

describe('A full pool of relay clients', () => {
  it('connects to a relay that is new in place of one that is not there', { timeout: 20_000 }, async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const clients = openRelayClients({})
    const came: Socket[] = []
    server.on('connection', (socket) => came.push(socket))
    // Loopback has an address for each of them, and nobody listens there.
    for (let i = 0; i < 256; i++) clients.warm(`127.0.1.${i}:1`)
    await until('it is connected', () => {
      clients.warm(`127.0.0.1:${(server.address() as AddressInfo).port}`)
      return came.length > 0
    })
    clients.close()
    for (const socket of came) socket.destroy()
    server.close()
  })
})

describe('RelayClients.at()', () => {
  const { log } = recordingLog()
  const handlers = { findHalves: async () => ({ halves: [], activated: true }) } as unknown as RelayHandlers
  const room = { digest: digestAsTyped('s', 'a@ex.com/R', 'b@ex.org/T'), streamhost: '' }
  const serve = (rpcPort: number) =>
    serveRpc({ service: relayService, handlers, log }, { rpcHost: '127.0.0.1', rpcPort })

  it('reaches a relay that is back at its address, however lately it was missed there', async () => {
    const clients = openRelayClients({})
    let server = await serve(0)
    try {
      const ask = () => clients.at(`127.0.0.1:${server.port}`).findHalves({ room }, { timeoutMs: 5_000 })
      await ask()
      await server.stop()
      for (let i = 0; i < 3; i++) {
        await assert.rejects(ask(), (error) => error instanceof Failure && error.code === 'unavailable')
      }
      server = await serve(server.port)
      assert.deepEqual(await ask(), { halves: [], activated: true })
    } finally {
      clients.close()
      await server.stop()
    }
  })
})
