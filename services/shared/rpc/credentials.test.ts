import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { type Folder, temporaryFolder } from '../../../deploy/local/folder.ts'
import { type Authority, type CertificateFiles, createAuthority } from '../../../test/support/certificates.ts'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { until } from '../../../test/support/until.ts'
import { digestAsTyped } from '../bytestream/digest.ts'
import { openTlsIdentity, type TlsIdentity } from '../runtime/tls-identity.ts'
import { relayService } from './protocol.ts'
import type { RelayHandlers } from './relay-api.ts'
import { openRelayClients, type RelayClients } from './relay-clients.ts'
import { type RpcServer, serveRpc } from './server.ts'

const room = { digest: digestAsTyped('s', 'a@ex.com/R', 'b@ex.org/T'), streamhost: '' }
const handlers = { findHalves: async () => ({ halves: [], activated: true }) } as unknown as RelayHandlers

describe('gRPC with an identity', () => {
  const { log } = recordingLog()
  let folder: Folder
  let ours: Authority
  let theirs: Authority
  let files: CertificateFiles
  let opened: AsyncDisposableStack
  let server: RpcServer

  before(async () => {
    opened = new AsyncDisposableStack()
    folder = opened.use(temporaryFolder('rpc-tls'))
    ours = await createAuthority(folder, 'ours')
    theirs = await createAuthority(folder, 'theirs')
    files = await ours.issue('relay')
    server = opened.adopt(
      await serveRpc(
        { service: relayService, handlers, log, identity: open(files) },
        { rpcHost: '127.0.0.1', rpcPort: 0 },
      ),
      (it) => it.stop(),
    )
  })
  after(() => opened.disposeAsync())

  function open(of: CertificateFiles): TlsIdentity {
    const identity = openTlsIdentity('relay', of, { log, refreshMs: 5 })
    assert.ok(identity)
    return opened.use(identity)
  }

  const clientsOf = (identity?: TlsIdentity): RelayClients =>
    opened.adopt(openRelayClients({ identity }), (it) => it.close())

  const ask = (clients: RelayClients) =>
    clients.at(`127.0.0.1:${server.port}`).findHalves({ room }, { timeoutMs: 5_000 })

  /** One call over a connection of its own. */
  async function askAnew(identity?: TlsIdentity): Promise<unknown> {
    const clients = openRelayClients({ identity })
    try {
      return await ask(clients)
    } finally {
      clients.close()
    }
  }

  const answers = (identity: TlsIdentity) => () =>
    askAnew(identity).then(
      () => true,
      () => false,
    )

  it('serves who shows a certificate of the authority', async () => {
    assert.deepEqual(await ask(clientsOf(open(await ours.issue('control')))), { halves: [], activated: true })
  })

  it('serves nobody without a certificate, or with another authority’s', async () => {
    await assert.rejects(askAnew(), { code: 'unavailable' })
    const stranger = await theirs.issue('stranger')
    await assert.rejects(askAnew(open({ ...stranger, tlsCaFile: ours.file })), { code: 'unavailable' })
  })

  it('trusts no server of another authority', async () => {
    const control = await ours.issue('doubting')
    await assert.rejects(askAnew(open({ ...control, tlsCaFile: theirs.file })), { code: 'unavailable' })
  })

  it('goes over to another authority when the files are replaced, on both ends, without a restart', async () => {
    const old = open(await ours.issue('old'))
    const moving = await ours.issue('moving')
    const follower = open(moving)
    const kept = clientsOf(old)
    await ask(kept)
    await askAnew(follower)

    const renewed = await theirs.issue('renewed')
    await copyFile(theirs.file, files.tlsCaFile)
    await copyFile(renewed.tlsCertFile, files.tlsCertFile)
    await copyFile(renewed.tlsKeyFile, files.tlsKeyFile)
    await until('newcomers of the new authority are served', answers(open(renewed)))
    // Its CA file is the server's own, replaced already.
    await copyFile(renewed.tlsCertFile, moving.tlsCertFile)
    await copyFile(renewed.tlsKeyFile, moving.tlsKeyFile)
    await until('a client that took them up is served', answers(follower))

    const left = await createAuthority(folder, 'left')
    await assert.rejects(askAnew(open(await left.issue('leftover'))), { code: 'unavailable' })
    assert.deepEqual(await ask(kept), { halves: [], activated: true }, 'a connection that was open stays')
  })
})
