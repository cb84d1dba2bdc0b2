import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, open, readdir } from 'node:fs/promises'
import { afterEach, describe, it } from 'node:test'
import { type Folder, temporaryFolder } from '../../../deploy/local/folder.ts'
import { blobsContract, randomKey } from './blobs.contract.ts'
import { openDiskBlobs } from './disk.ts'

const folders: Folder[] = []
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.remove()))
})

function newFolder(): Folder {
  const folder = temporaryFolder('blobs')
  folders.push(folder)
  return folder
}

blobsContract('disk', async () => {
  const { path } = newFolder()
  return { blobs: await openDiskBlobs(path), reopen: () => openDiskBlobs(path) }
})

describe('openDiskBlobs()', () => {
  it('syncs a blob and then the folder that it is in, each before it says that it is stored', async (t) => {
    const folder = newFolder()
    const blobs = await openDiskBlobs(folder.path)
    const synced: string[] = []
    const handles = await prototypeOfHandles(folder)
    const sync = handles.sync
    t.mock.method(handles, 'sync', async function (this: typeof handles) {
      synced.push((await this.stat()).isDirectory() ? 'folder' : 'file')
      await sync.call(this)
    })
    const writer = await blobs.write(randomKey(), { resumeAtMost: 0 })
    await writer.write(Buffer.from('durable'))
    await writer.finish()
    assert.deepEqual(synced, ['file', 'folder'])
  })

  for (const failing of ['file', 'folder'] as const) {
    it(`discards a blob when the sync of its ${failing} fails, and does not try again`, async (t) => {
      const folder = newFolder()
      const blobs = await openDiskBlobs(folder.path)
      const handles = await prototypeOfHandles(folder)
      const sync = handles.sync
      let failures = 0
      t.mock.method(handles, 'sync', async function (this: typeof handles) {
        if ((await this.stat()).isDirectory() !== (failing === 'folder')) return sync.call(this)
        failures += 1
        throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
      })
      const key = randomKey()
      const writer = await blobs.write(key, { resumeAtMost: 0 })
      await writer.write(randomBytes(100))
      await assert.rejects(writer.finish(), { code: 'unavailable', message: /i\/o error/ })
      assert.equal(failures, 1)
      assert.equal(await blobs.size(key), undefined)
      assert.deepEqual(await Array.fromAsync(blobs.list()), [])
      // Whoever had it can still say that he is done with it.
      await writer.discard()
      await writer.keep()
    })
  }

  it('says that the disk is full, and leaves nothing, when a write finds no room', async (t) => {
    const folder = newFolder()
    const blobs = await openDiskBlobs(folder.path)
    const handles = await prototypeOfHandles(folder)
    const writer = await blobs.write(randomKey(), { resumeAtMost: 0 })
    await writer.write(randomBytes(100))
    t.mock.method(handles, 'write', async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    })
    await assert.rejects(writer.write(randomBytes(100)), { code: 'over-limit', message: /disk is full/ })
    assert.deepEqual(await readdir(folder.file('incoming')), [])
  })

  it('keeps everything below its folder, readable by its own user only', async () => {
    const folder = newFolder()
    const blobs = await openDiskBlobs(folder.path)
    const writer = await blobs.write(randomKey(), { resumeAtMost: 0 })
    await writer.write(Buffer.from('private'))
    await writer.finish()
    assert.deepEqual((await readdir(folder.path)).sort(), ['blobs', 'incoming', 'quarantine'])
    const [name = ''] = await readdir(folder.file('blobs'))
    const handle = await open(folder.file(`blobs/${name}`))
    assert.equal((await handle.stat()).mode & 0o777, 0o600)
    await handle.close()
  })

  it('cannot be used when its folder is gone', async () => {
    const folder = newFolder()
    const blobs = await openDiskBlobs(folder.path)
    await chmod(folder.path, 0o700)
    await folder.remove()
    await assert.rejects(blobs.check(), { code: 'unavailable' })
    await assert.rejects(blobs.write(randomKey(), { resumeAtMost: 0 }), { code: 'unavailable' })
  })
})

/** The methods of all open files, to be replaced by failing ones. */
async function prototypeOfHandles(folder: Folder): Promise<{
  sync(): Promise<void>
  write(): Promise<unknown>
  stat(): Promise<{ isDirectory(): boolean }>
}> {
  const handle = await open(folder.path)
  await handle.close()
  return Object.getPrototypeOf(handle)
}
