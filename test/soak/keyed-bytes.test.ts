import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { keyedBytes, receiveKeyed, sendKeyed, WrongBytes } from './keyed-bytes.ts'

describe('receiveKeyed()', () => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  after(() => {
    server.close()
  })

  for (const size of [0, 1, 65_536, 1_000_003]) {
    it(`takes ${size} bytes as they were sent, and leaves the way back open`, async () => {
      using ends = await connected()
      const [bytes, back] = [keyedBytes(size), keyedBytes(10)]
      await Promise.all([send(ends.near, bytes), receiveKeyed(ends.far, bytes)])
      await Promise.all([send(ends.far, back), receiveKeyed(ends.near, back)])
    })
  }

  it('refuses bytes of another key', async () => {
    using ends = await connected()
    await send(ends.near, keyedBytes(100))
    await assert.rejects(receiveKeyed(ends.far, keyedBytes(100)), WrongBytes)
  })

  for (const [what, upTo] of [
    ['fewer', 99_999],
    ['more', 100_001],
  ] as const) {
    it(`refuses ${what} bytes than were sent`, async () => {
      using ends = await connected()
      const bytes = keyedBytes(100_000)
      const received = receiveKeyed(ends.far, bytes)
      await sendKeyed(ends.near, bytes, upTo)
      ends.near.end()
      await assert.rejects(received, WrongBytes)
    })
  }

  it('tells a connection that breaks from wrong bytes', async () => {
    using ends = await connected()
    const bytes = keyedBytes(100_000)
    const received = receiveKeyed(ends.far, bytes)
    await sendKeyed(ends.near, bytes, 50_000)
    ends.near.resetAndDestroy()
    await assert.rejects(received, (error) => error instanceof Error && !(error instanceof WrongBytes))
  })

  async function connected(): Promise<Disposable & { readonly near: Socket; readonly far: Socket }> {
    const arrival = once(server, 'connection') as Promise<[Socket]>
    const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
    const [far] = await arrival
    return {
      near,
      far,
      [Symbol.dispose]() {
        near.destroy()
        far.destroy()
      },
    }
  }
})

async function send(socket: Socket, bytes: ReturnType<typeof keyedBytes>): Promise<void> {
  await sendKeyed(socket, bytes)
  socket.end()
}
