import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { atEnd } from '../../../test/support/at-end.ts'
import { digestOf } from '../bytestream/digest.ts'
import { parseJid } from '../bytestream/jid.ts'
import { readExactly } from '../runtime/read-exactly.ts'
import { DialFailure, dialStreamhost } from './socks5-client.ts'
import { openDirectHost } from './socks5-host.ts'

const digest = digestOf('s1', parseJid('a@ex.com/R'), parseJid('b@ex.org/T'))
const other = digestOf('s2', parseJid('a@ex.com/R'), parseJid('b@ex.org/T'))

async function open(t: TestContext) {
  const host = await openDirectHost(['127.0.0.1'])
  atEnd(t, () => host.close())
  const [address] = host.addresses
  assert.ok(address)
  return { host, streamhost: { jid: 'a@ex.com/R', ...address } }
}

describe('openDirectHost()', () => {
  it('hands over the connection that named the digest', async (t) => {
    const { host, streamhost } = await open(t)
    const expectation = host.expect(digest)
    const dialled = await dialStreamhost(streamhost, digest)
    const taken = expectation.take()
    expectation.cancel()
    taken.end('hello')
    assert.equal((await readExactly(dialled, 5)).toString(), 'hello')
    dialled.destroy()
  })

  it('refuses a digest it does not expect with reply 02', async (t) => {
    const { host, streamhost } = await open(t)
    host.expect(digest)
    await assert.rejects(
      dialStreamhost(streamhost, other),
      (error) => error instanceof DialFailure && error.reply === 2,
    )
  })

  it('takes the last of several connections and closes the others', async (t) => {
    const { host, streamhost } = await open(t)
    const expectation = host.expect(digest)
    const first = await dialStreamhost(streamhost, digest)
    const last = await dialStreamhost(streamhost, digest)
    const closed = once(first.resume(), 'close')
    expectation.take().end('you')
    first.end()
    assert.equal((await readExactly(last, 3)).toString(), 'you')
    last.destroy()
    await closed
  })

  it('lets in whoever names one of several digests, and tells by which address', async (t) => {
    const host = await openDirectHost(['127.0.0.1', '127.0.0.2'])
    atEnd(t, () => host.close())
    const [one, two] = host.addresses.map((address) => ({ jid: 'a@ex.com/R', ...address }))
    assert.ok(one && two)
    const expectation = host.expect(digest, other)
    const wanted = await dialStreamhost(one, digest)
    const unwanted = await dialStreamhost(two, other)
    expectation.take('127.0.0.1').end('you')
    assert.equal((await readExactly(wanted, 3)).toString(), 'you')
    for (const socket of [wanted, unwanted]) socket.destroy()
  })

  it('has nothing to take when nobody came', async (t) => {
    const { host } = await open(t)
    assert.throws(() => host.expect(digest).take(), /nobody connected/)
  })

  it('answers FF to clients that must authenticate, and closes on what is not SOCKS5', async (t) => {
    const { streamhost } = await open(t)
    for (const [greeting, answer] of [
      [Buffer.of(5, 1, 2), '05ff'],
      [Buffer.from('GET / HTTP/1.1\r\n\r\n'), ''],
    ] as const) {
      const socket = connect(streamhost.port, streamhost.host)
      socket.on('error', () => {})
      const got: Buffer[] = []
      socket.on('data', (bytes: Buffer) => got.push(bytes))
      socket.write(greeting)
      await once(socket, 'close')
      assert.equal(Buffer.concat(got).toString('hex'), answer)
    }
  })
})
