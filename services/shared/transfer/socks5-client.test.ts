import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, BlockList, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../test/support/at-end.ts'
import { digestOf } from '../bytestream/digest.ts'
import { Failure } from '../bytestream/failure.ts'
import { parseJid } from '../bytestream/jid.ts'
import { readExactly } from '../runtime/read-exactly.ts'
import { guardDialling } from './dial-guard.ts'
import { connectRequest, DialFailure, dialStreamhost } from './socks5-client.ts'

const digest = digestOf('s1', parseJid('a@ex.com/R'), parseJid('b@ex.org/T'))
const request = connectRequest(digest)

/** A server that follows a script; the answer is its streamhost. */
async function scripted(t: TestContext, script: (socket: Socket) => Promise<void>) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    script(socket).catch(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { jid: 'proxy.ex.com', host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const answering = (method: Buffer, reply: Buffer) => async (socket: Socket) => {
  await readExactly(socket, 3)
  socket.write(method)
  await readExactly(socket, 47)
  socket.end(reply)
}
const accepted = () => {
  const reply = Buffer.from(request)
  reply[1] = 0
  return reply
}

describe('connectRequest()', () => {
  it('is the 47 bytes of the profile', () => {
    const expected = `0501000328${Buffer.from('d283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b').toString('hex')}0000`
    assert.equal(request.toString('hex'), expected)
  })
})

describe('dialStreamhost()', () => {
  it('reads a reply that comes byte by byte, and leaves the stream whole', async (t) => {
    const streamhost = await scripted(t, async (socket) => {
      socket.setNoDelay(true)
      await readExactly(socket, 3)
      const write = (byte: number) =>
        new Promise((resolve) => socket.write(Buffer.of(byte), () => setImmediate(resolve)))
      for (const byte of [5, 0]) await write(byte)
      await readExactly(socket, 47)
      for (const byte of accepted()) await write(byte)
      socket.end('hello')
    })
    const socket = await dialStreamhost(streamhost, digest)
    atEnd(t, () => socket.destroy())
    assert.equal((await readExactly(socket, 5)).toString(), 'hello')
  })

  it('keeps stream bytes that come with the reply', async (t) => {
    const streamhost = await scripted(t, answering(Buffer.of(5, 0), Buffer.concat([accepted(), Buffer.from('early')])))
    const socket = await dialStreamhost(streamhost, digest)
    atEnd(t, () => socket.destroy())
    assert.equal((await readExactly(socket, 5)).toString(), 'early')
  })

  for (const code of [1, 2, 7, 99]) {
    it(`tells reply code ${code}`, async (t) => {
      const reply = accepted()
      reply[1] = code
      const streamhost = await scripted(t, answering(Buffer.of(5, 0), reply))
      await assert.rejects(
        dialStreamhost(streamhost, digest),
        (error) => error instanceof DialFailure && error.stage === 'connect' && error.reply === code,
      )
    })
  }

  it('refuses a reply with another address', async (t) => {
    const reply = accepted()
    reply[10] = 'x'.charCodeAt(0)
    const streamhost = await scripted(t, answering(Buffer.of(5, 0), reply))
    await assert.rejects(dialStreamhost(streamhost, digest), /does not repeat/)
  })

  for (const method of ['05ff', '0502', '4854']) {
    it(`refuses the method answer ${method}`, async (t) => {
      const streamhost = await scripted(t, answering(Buffer.from(method, 'hex'), accepted()))
      await assert.rejects(
        dialStreamhost(streamhost, digest),
        (error) => error instanceof DialFailure && error.stage === 'greeting',
      )
    })
  }

  it('fails when the server closes without a word', async (t) => {
    const streamhost = await scripted(t, async (socket) => void socket.end())
    await assert.rejects(dialStreamhost(streamhost, digest), /closed the connection/)
  })

  it('fails when nothing listens', async (t) => {
    const streamhost = await scripted(t, async () => {})
    await assert.rejects(
      dialStreamhost({ ...streamhost, port: 1 }, digest),
      (error) => error instanceof DialFailure && error.stage === 'tcp',
    )
  })

  it('gives up a silent server in time', async (t) => {
    const streamhost = await scripted(t, async () => {})
    await assert.rejects(dialStreamhost(streamhost, digest, { timeoutMs: 50 }), /within 50 ms/)
  })

  it('ends with its signal', async (t) => {
    const controller = new AbortController()
    const streamhost = await scripted(t, async () => controller.abort(new Error('enough')))
    await assert.rejects(dialStreamhost(streamhost, digest, { signal: controller.signal }), /enough/)
  })

  it('does not dial blocked addresses, by number or by name', async () => {
    const blocked = new BlockList()
    blocked.addSubnet('127.0.0.0', 8, 'ipv4')
    blocked.addAddress('::1', 'ipv6')
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      await assert.rejects(
        dialStreamhost({ jid: 'p', host, port: 9 }, digest, { guard: guardDialling(blocked) }),
        (error) => error instanceof Failure && /not allowed/.test(error.message),
      )
    }
  })
})
