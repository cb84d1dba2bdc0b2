import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { openRelayClients } from './relay-clients.ts'

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
