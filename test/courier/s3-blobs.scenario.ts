import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { type S3Server, startS3 } from '../../deploy/local/s3.ts'
import { blobsContract, randomKey } from '../../services/courier/store/blobs.contract.ts'
import { openBlobs } from '../../services/courier/store/open.ts'
import { until } from '../support/until.ts'

let server: S3Server
const folders: Folder[] = []
before(async () => {
  server = await startS3()
})
after(async () => {
  await server.stop()
  await Promise.all(folders.map((folder) => folder.remove()))
})

let prefixes = 0
/** Options of a courier that has a place of its own in the store. */
function newOptions(given: { readonly bucket?: string; readonly maxFileBytes?: number } = {}) {
  const folder = temporaryFolder('spool')
  folders.push(folder)
  prefixes += 1
  const { bucket = server.bucket, maxFileBytes = 1 << 30 } = given
  return {
    blobsUrl: `s3://${bucket}/courier-${prefixes}?endpoint=${encodeURIComponent(server.endpoint)}`,
    dataFolder: folder.path,
    keepFreeBytes: 0,
    maxFileBytes,
    s3AccessKeyId: server.credentials.accessKeyId,
    s3SecretAccessKey: server.credentials.secretAccessKey,
  }
}

blobsContract('S3', async () => {
  const options = newOptions()
  return { blobs: await openBlobs(options), reopen: () => openBlobs(options) }
})

describe('blobs in an object store', () => {
  it('leave nothing on the disk of the replica once they are stored, or refused', async () => {
    const blobs = await openBlobs(newOptions())
    const stored = await blobs.write(randomKey(), { resumeAtMost: 0 })
    await stored.write(Buffer.from('whole'))
    await stored.finish()
    const refused = await blobs.write(randomKey(), { resumeAtMost: 0 })
    await refused.write(Buffer.from('lost'))
    server.kill()
    await server.exited
    await assert.rejects(refused.finish(), { code: 'unavailable' })
    await assert.rejects(blobs.check(), { code: 'unavailable' })
    await server.restart()
    await until('the store answers', () =>
      blobs.check().then(
        () => true,
        () => false,
      ),
    )
    assert.equal((await Array.fromAsync(blobs.list())).length, 1)
    await blobs.close()
  })

  it('are not opened in a bucket that there is not, nor with larger files than one upload may have', async () => {
    await assert.rejects(openBlobs(newOptions({ bucket: 'another' })), {
      code: 'unavailable',
      message: /bucket another/,
    })
    await assert.rejects(openBlobs(newOptions({ maxFileBytes: 2 ** 40 })), { code: 'malformed' })
  })
})
