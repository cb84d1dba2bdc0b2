import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { freePort, isFree } from './port.ts'

describe('freePort()', () => {
  it('finds a port to listen on, another one each time', async () => {
    const ports = [await freePort(), await freePort(), await freePort()]
    assert.equal(new Set(ports).size, ports.length)
    for (const port of ports) assert.equal(await isFree(port), true)
  })
})

describe('isFree()', () => {
  it('is false while someone listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal(await isFree(port), false)
    server.close()
    await once(server, 'close')
    assert.equal(await isFree(port), true)
  })
})
