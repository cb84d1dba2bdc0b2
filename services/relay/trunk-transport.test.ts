import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { type Authority, type CertificateFiles, createAuthority } from '../../test/support/certificates.ts'
import { withServerOf } from '../../test/support/listening-server.ts'
import { recordingLog } from '../../test/support/recording-log.ts'
import { closed } from '../../test/support/socks-client.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { readExactly } from '../shared/runtime/read-exactly.ts'
import { openTlsIdentity, type TlsIdentity } from '../shared/runtime/tls-identity.ts'
import type { Connection } from './engine/engine.ts'
import { MOST_STRANGERS } from './limits/strangers.ts'
import { type TrunkTransportListener, tcpTransport, tlsTransport } from './trunk-transport.ts'

describe('tlsTransport()', () => {
  const opened = new AsyncDisposableStack()
  const refusals: string[] = []
  const connections: Connection[] = []
  let told = Promise.withResolvers<void>()
  let ours: Authority
  let theirs: Authority
  let identity: TlsIdentity
  let listener: TrunkTransportListener
  let address: string

  before(async () => {
    const folder = opened.use(temporaryFolder('transport'))
    ours = await createAuthority(folder, 'ours')
    theirs = await createAuthority(folder, 'theirs')
    identity = open(await ours.issue('relay'))
    listener = await tlsTransport(identity).listen(
      { host: '127.0.0.1', port: 0, handshakeTimeoutMs: 1_000 },
      {
        connection(connection) {
          connections.push(connection)
          told.resolve()
        },
        refused({ message }) {
          refusals.push(message)
          told.resolve()
        },
      },
    )
    opened.defer(() => listener.stop())
    address = `127.0.0.1:${listener.address.port}`
  })
  after(() => opened.disposeAsync())

  function open(files: CertificateFiles): TlsIdentity {
    const identity = openTlsIdentity('relay', files, recordingLog())
    assert.ok(identity)
    return opened.use(identity)
  }

  /** What the listener said last, of the visit that is made now. */
  async function refusal(visit: () => Promise<unknown>): Promise<string> {
    told = Promise.withResolvers<void>()
    await visit()
    await told.promise
    return refusals.splice(0).join()
  }

  const dial = (as: TlsIdentity) => tlsTransport(as).dial(address, AbortSignal.timeout(5_000))

  it('connects two of one authority, and speaks TLS 1.3', async () => {
    told = Promise.withResolvers<void>()
    const trunk = await dial(open(await ours.issue('peer')))
    await told.promise
    trunk.write('hello')
    const [connection] = connections.splice(0)
    assert.ok(connection)
    assert.equal((await readExactly(connection, 5)).toString(), 'hello')
    for (const end of [trunk, connection]) end.on('error', () => {}).destroy()
  })

  it('trusts no listener of another authority', async () => {
    const doubting = open({ ...(await ours.issue('doubting')), tlsCaFile: theirs.file })
    const why = await refusal(() =>
      assert.rejects(dial(doubting), (error) => error instanceof Failure && error.code === 'unavailable'),
    )
    assert.match(why, /^Cannot open a trunk: /)
  })

  it('refuses who dials with another authority’s certificate, or without one', async () => {
    const stranger = open({ ...(await theirs.issue('stranger')), tlsCaFile: ours.file })
    const why = await refusal(async () => {
      // In TLS 1.3 who dials learns only when he reads that he is refused.
      const trunk = await dial(stranger)
      await assert.rejects(readExactly(trunk, 1))
    })
    assert.match(why, /^Cannot open a trunk: its certificate is refused: /)
    const without = await refusal(async () => {
      const terms = { ca: identity.current.ca, checkServerIdentity: () => undefined }
      const tls = connectTls({ port: listener.address.port, host: '127.0.0.1', ...terms })
      tls.on('error', () => {})
      await closed(tls)
    })
    assert.match(without, /^Cannot open a trunk: .*(peer did not return a certificate|certificate required)/)
    assert.deepEqual(connections, [])
  })

  it('refuses who does not speak TLS, or an older one', async () => {
    const why = await refusal(async () => {
      const socket = connect({ port: listener.address.port, host: '127.0.0.1' })
      socket.write('S65TRNK1, and a ticket')
      await closed(socket)
    })
    assert.match(why, /is RELAY_TRUNK_TLS the same on both relays\?/)
    const old = await refusal(async () => {
      const { cert, key, ca } = identity.current
      const terms = { cert, key, ca, maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined } as const
      const tls = connectTls({ port: listener.address.port, host: '127.0.0.1', ...terms })
      tls.on('error', () => {})
      await closed(tls)
    })
    assert.match(old, /^Cannot open a trunk: .*(unsupported protocol|protocol version)/)
  })

  it('closes who says nothing for too long', async () => {
    const why = await refusal(async () => {
      const socket = connect({ port: listener.address.port, host: '127.0.0.1' })
      await closed(socket)
    })
    assert.match(why, /timeout/)
  })

  it('is reached though others crowd it and say nothing, of whom the first to come are closed', async () => {
    const arrived = Promise.withResolvers<Connection>()
    const crowded = await tlsTransport(identity).listen(
      // So long that none of them is closed for its silence.
      { host: '127.0.0.1', port: 0, handshakeTimeoutMs: 60_000 },
      { connection: arrived.resolve, refused() {} },
    )
    const { port } = crowded.address
    const silent: Socket[] = []
    for (let count = 0; count < MOST_STRANGERS + 10; count++) {
      const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
      await once(socket, 'connect')
      silent.push(socket)
    }
    await Promise.all(silent.slice(0, 10).map(closed))
    const ends = [await tlsTransport(identity).dial(`127.0.0.1:${port}`, AbortSignal.timeout(30_000))]
    ends.push(await arrived.promise)
    assert.equal(silent.at(-1)?.closed, false)
    crowded.stop()
    for (const end of [...ends, ...silent]) end.on('error', () => {}).destroy()
  })

  it('closes what is not a connection yet when it stops', async () => {
    const socket = connect({ port: listener.address.port, host: '127.0.0.1' })
    await once(socket, 'connect')
    // The listener has it once it has answered whoever came behind.
    await assert.rejects(dial(open({ ...(await ours.issue('behind')), tlsCaFile: theirs.file })))
    listener.stop()
    await closed(socket)
  })
})

describe('tcpTransport', () => {
  it('outlives a trunk that cannot be accepted', async () => {
    const refusals: string[] = []
    const visitors = { connection() {}, refused: ({ message }: Failure) => void refusals.push(message) }
    const at = { host: '127.0.0.1', port: 0, handshakeTimeoutMs: 1_000 }
    const { opened, server } = await withServerOf(() => tcpTransport.listen(at, visitors))
    server.emit('error', new Error('accept ENOMEM'))
    assert.deepEqual([server.listening, refusals], [true, ['Cannot accept connections: accept ENOMEM']])
    opened.stop()
  })
})
