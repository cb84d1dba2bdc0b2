import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../test/support/at-end.ts'
import { Failure } from '../bytestream/failure.ts'
import { receiveFromSocket, sendOverSocket } from './socket-stream.ts'

async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = (await once(server, 'connection')) as [Socket]
  for (const socket of [near, far]) socket.on('error', () => {})
  atEnd(t, () => {
    near.destroy()
    far.destroy()
    server.close()
  })
  return [near, far]
}

async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString()
}

const failsWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === code && message.test(error.message)

describe('sendOverSocket()', () => {
  it('sends everything and ends when the other end has closed', async (t) => {
    const [near, far] = await pair(t)
    const sent: number[] = []
    const [text] = await Promise.all([
      collect(receiveFromSocket(far, 11)),
      sendOverSocket(near, chunks('hello ', 'world'), (length) => sent.push(length)),
    ])
    assert.equal(text, 'hello world')
    assert.deepEqual(sent, [6, 5])
    assert.ok(near.destroyed)
  })

  it('lets a receiver be that never closes', async (t) => {
    const [near, far] = await pair(t)
    far.resume()
    await sendOverSocket(near, chunks('hello'), () => {}, { closeTimeoutMs: 10 })
    assert.ok(near.destroyed)
  })

  it('does not believe a receiver that never closes, where it must', async (t) => {
    const [near, far] = await pair(t)
    far.resume()
    await assert.rejects(
      sendOverSocket(near, chunks('hello'), () => {}, { closeTimeoutMs: 10, mustClose: true }),
      failsWith('unavailable', /did not close/),
    )
  })

  it('does not believe a receiver that closes before the last byte, where it must close', async (t) => {
    const [near, far] = await pair(t)
    far.resume()
    async function* interrupted(): AsyncGenerator<Buffer> {
      yield Buffer.from('hello')
      far.end()
      await once(near, 'end')
      yield Buffer.from('world')
    }
    await assert.rejects(
      sendOverSocket(near, interrupted(), () => {}, { mustClose: true }),
      failsWith('unavailable', /before the last byte/),
    )
  })

  it('fails when the receiver resets', async (t) => {
    const [near, far] = await pair(t)
    async function* endless(): AsyncGenerator<Buffer> {
      far.once('readable', () => far.resetAndDestroy())
      for (;;) yield Buffer.alloc(65_536)
    }
    await assert.rejects(
      sendOverSocket(near, endless(), () => {}),
      failsWith('unavailable', /bytestream broke/),
    )
  })

  it('gives up when no byte moves', async (t) => {
    const [near, far] = await pair(t)
    far.pause()
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield Buffer.alloc(65_536)
    }
    await assert.rejects(
      sendOverSocket(near, endless(), () => {}, { idleTimeoutMs: 100 }),
      failsWith('unavailable', /No byte moved/),
    )
  })

  it('ends with its signal', async (t) => {
    const [near, far] = await pair(t)
    far.resume()
    const controller = new AbortController()
    async function* interrupted(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10)
      controller.abort(new Error('enough'))
      yield Buffer.alloc(10)
    }
    await assert.rejects(
      sendOverSocket(near, interrupted(), () => {}, { signal: controller.signal }),
      /enough/,
    )
  })
})

describe('receiveFromSocket()', () => {
  it('refuses more than it expects', async (t) => {
    const [near, far] = await pair(t)
    far.end('too much')
    await assert.rejects(collect(receiveFromSocket(near, 3)), failsWith('over-limit', /more than the 3 bytes/))
  })

  it('tells how far it came when the stream ends early', async (t) => {
    const [near, far] = await pair(t)
    far.end('short')
    await assert.rejects(collect(receiveFromSocket(near, 10)), failsWith('unavailable', /after 5 of 10 bytes/))
  })

  it('is content with a sender that never closes', async (t) => {
    const [near, far] = await pair(t)
    far.write('hello')
    assert.equal(await collect(receiveFromSocket(near, 5, { closeTimeoutMs: 10 })), 'hello')
  })

  it('closes its direction when it has everything, and not before', async (t) => {
    const [near, far] = await pair(t)
    const text = collect(receiveFromSocket(near, 0))
    far.end()
    await once(far.resume(), 'end')
    assert.equal(await text, '')
  })
})
