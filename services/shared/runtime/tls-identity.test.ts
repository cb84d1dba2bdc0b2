import assert from 'node:assert/strict'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../deploy/local/folder.ts'
import { createAuthority } from '../../../test/support/certificates.ts'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { until } from '../../../test/support/until.ts'
import { Failure } from '../bytestream/failure.ts'
import { openTlsIdentity } from './tls-identity.ts'

describe('openTlsIdentity()', () => {
  const { log } = recordingLog()

  it('has none when no file is named', () => {
    assert.equal(openTlsIdentity('relay', {}, { log }), undefined)
  })

  it('names the options when one of the three is not given', () => {
    assert.throws(
      () => openTlsIdentity('relay', { tlsCertFile: 'a', tlsKeyFile: 'b' }, { log }),
      new Failure(
        'malformed',
        'RELAY_TLS_CERT_FILE, RELAY_TLS_KEY_FILE and RELAY_TLS_CA_FILE belong together: RELAY_TLS_CA_FILE not given',
      ),
    )
  })

  it('names the options when a file cannot be read, is not PEM, or the key is another’s', async () => {
    await using folder = temporaryFolder('identity')
    const authority = await createAuthority(folder)
    const files = await authority.issue('pod')
    const other = await authority.issue('other')
    await writeFile(folder.file('empty.pem'), '')
    const pem = await readFile(files.tlsCertFile, 'utf8')
    await writeFile(folder.file('half-written.pem'), pem + pem.slice(0, pem.length / 2))
    const faults: [Partial<typeof files>, RegExp][] = [
      [{ tlsCertFile: folder.file('nowhere.pem') }, /ENOENT.*nowhere\.pem/],
      [{ tlsCaFile: folder.file('empty.pem') }, /PEM|no start line/i],
      [{ tlsKeyFile: other.tlsKeyFile }, /the key is not that of the certificate/],
      [{ tlsCertFile: folder.file('half-written.pem') }, /bad end line/],
    ]
    for (const [fault, says] of faults) {
      assert.throws(
        () => openTlsIdentity('control', { ...files, ...fault }, { log }),
        (error) =>
          error instanceof Failure &&
          error.code === 'malformed' &&
          error.message.startsWith(
            'Cannot use CONTROL_TLS_CERT_FILE, CONTROL_TLS_KEY_FILE and CONTROL_TLS_CA_FILE: ',
          ) &&
          says.test(error.message),
      )
    }
  })
})

describe('TlsIdentity', () => {
  it('takes up files that are replaced, once they fit together, and says so', async () => {
    await using folder = temporaryFolder('identity')
    const authority = await createAuthority(folder)
    const files = await authority.issue('pod')
    const { log, lines } = recordingLog()
    using identity = openTlsIdentity('relay', files, { log, refreshMs: 5 })
    assert.ok(identity)
    let changes = 0
    const leave = identity.onChange(() => changes++)
    const before = identity.current

    const next = await authority.issue('next')
    await copyFile(next.tlsCertFile, files.tlsCertFile)
    await until('it is refused', () => lines.length > 0)
    assert.equal(identity.current, before)
    await copyFile(next.tlsKeyFile, files.tlsKeyFile)
    await until('it is taken up', () => changes === 1)
    assert.notDeepEqual(identity.current.cert, before.cert)
    assert.notDeepEqual(identity.current.key, before.key)
    assert.deepEqual(identity.current.ca, before.ca)
    assert.deepEqual(lines.slice(-2), [
      'warn new TLS files are not taken; the identity stays what it was',
      'info TLS identity renewed',
    ])

    leave()
  })
})
