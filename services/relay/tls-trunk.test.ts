import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { createAuthority } from '../../test/support/certificates.ts'
import { recordingLog } from '../../test/support/recording-log.ts'
import { until } from '../../test/support/until.ts'
import { openTlsIdentity } from '../shared/runtime/tls-identity.ts'
import { TlsTrunk } from './tls-trunk.ts'

describe('TlsTrunk', () => {
  let server: Server
  const opened = new AsyncDisposableStack()

  before(async () => {
    const folder = opened.use(temporaryFolder('tls-trunk'))
    const files = await (await createAuthority(folder)).issue('relay')
    const identity = opened.use(openTlsIdentity('relay', files, recordingLog()))
    assert.ok(identity)
    server = createServer({ ...identity.current, allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    opened.defer(() => void server.close())
  })
  after(() => opened.disposeAsync())

  /** The two ends of a TLS connection. */
  async function connection(): Promise<[TLSSocket, TLSSocket, Socket]> {
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    const [[ours], [theirs, socket]] = await Promise.all([
      once(server, 'secureConnection'),
      (async () => {
        const socket = connectTcp({ port: address.port, host: '127.0.0.1', allowHalfOpen: true })
        await once(socket, 'connect')
        const tls = connect({ socket, rejectUnauthorized: false })
        await once(tls, 'secureConnect')
        return [tls.on('error', () => {}), socket] as const
      })(),
    ])
    return [ours, theirs, socket]
  }

  async function trunks(): Promise<[TlsTrunk, TlsTrunk]> {
    const [one, other] = await connection()
    return [new TlsTrunk(one), new TlsTrunk(other)]
  }

  /** The other end of a trunk, in layers. */
  interface Peer {
    readonly tls: TLSSocket
    readonly tcp: Socket
  }

  /** A trunk whose other end a test may misuse. */
  async function trunk(): Promise<{ trunk: TlsTrunk; peer: Peer; lost: Promise<unknown> }> {
    const [ours, tls, tcp] = await connection()
    const trunk = new TlsTrunk(ours)
    const lost = once(trunk, 'error').then(([error]) => error)
    return { trunk: trunk.resume(), peer: { tls, tcp }, lost }
  }

  const frame = (bytes: Buffer): Buffer => {
    const header = Buffer.alloc(4)
    header.writeUInt32BE(bytes.length)
    return Buffer.concat([header, bytes])
  }

  it('carries every byte in whatever pieces, and each direction past the end of the other', async () => {
    const [one, other] = await trunks()
    const sent = randomBytes(3_000_000)
    const got = buffer(other)
    for (let at = 0; at < sent.length; ) {
      const next = at + randomInt(1, 70_000)
      if (!one.write(sent.subarray(at, next))) await once(one, 'drain')
      at = next
    }
    one.end()
    assert.ok((await got).equals(sent))
    assert.equal(one.bytesWritten, sent.length)
    other.end('answer')
    assert.equal((await buffer(one)).toString(), 'answer')
    assert.equal(other.bytesWritten, 6)
    await Promise.all([one, other].map((end) => end.closed || once(end, 'close')))
  })

  it('reads frames wherever they are cut', async () => {
    const { trunk: it, peer } = await trunk()
    const got: Buffer[] = []
    it.on('data', (chunk) => got.push(chunk))
    const bytes = Buffer.concat([frame(Buffer.from('one ')), frame(Buffer.from('two')), Buffer.alloc(4)])
    for (const byte of bytes) {
      await new Promise((resolve) => peer.tls.write(Buffer.of(byte), resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await once(it, 'end')
    assert.equal(Buffer.concat(got).toString(), 'one two')
    it.resetAndDestroy()
    peer.tls.destroy()
  })

  it('holds the sender back while nobody reads', async () => {
    const [one, other] = await trunks()
    const sent = randomBytes(40_000_000)
    one.end(sent)
    await until('it is held back', () => one.writableLength > 0 && other.readableLength >= other.readableHighWaterMark)
    assert.ok((await buffer(other)).equals(sent))
    other.end()
    await once(one.resume(), 'end')
  })

  const cuts: Record<string, (peer: Peer) => void> = {
    'a FIN without a word of TLS': ({ tcp }) => void tcp.destroy(),
    'the end of TLS without an end frame': ({ tls }) => void tls.end(),
    'a frame that stops in the middle': ({ tls }) => void tls.end(frame(Buffer.alloc(100)).subarray(0, 50)),
    'bytes behind the end frame': ({ tls }) =>
      void tls.write(Buffer.concat([Buffer.alloc(4), frame(Buffer.from('x'))])),
  }
  for (const [what, cut] of Object.entries(cuts)) {
    it(`takes ${what} for a loss`, async () => {
      const { trunk: it, peer, lost } = await trunk()
      peer.tls.write(frame(Buffer.from('some')))
      await once(it, 'data')
      cut(peer)
      assert.ok((await lost) instanceof Error)
      peer.tls.destroy()
    })
  }

  it('takes the end of the connection for a loss while its own direction is open', async () => {
    const { trunk: it, peer, lost } = await trunk()
    peer.tls.end(Buffer.alloc(4))
    await once(it, 'end')
    assert.ok((await lost) instanceof Error)
  })

  it('is cut off by resetAndDestroy(), which the other end takes for a loss', async () => {
    const [one, other] = await trunks()
    const lost = once(other, 'error')
    one.resetAndDestroy()
    await lost
    if (!one.closed) await once(one, 'close')
  })
})
