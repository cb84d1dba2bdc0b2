import { createReadStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { BlobStore, BlobWriter } from './blobs.ts'
import { diskFailure } from './disk-failure.ts'
import { Folder } from './folder.ts'
import { SpoolFile } from './spool.ts'

const readBytes = 256 * 1024

/**
 * Keeps blobs as files below a folder on a durable volume: `incoming` while they come, `blobs` when they are whole,
 * `quarantine` when they are damaged. What comes in leaves `keepFreeBytes` (default 0) of the volume free. The caller closes it.
 */
export async function openDiskBlobs(folder: string, { keepFreeBytes = 0 } = {}): Promise<BlobStore> {
  const incoming = new Folder(join(folder, 'incoming'))
  const blobs = new Folder(join(folder, 'blobs'))
  const quarantine = new Folder(join(folder, 'quarantine'))
  for (const each of [incoming, blobs, quarantine]) await each.make()

  return {
    write: async (key, terms) =>
      writer(await SpoolFile.open(incoming, key, { ...terms, keepFreeBytes }), { blobs, key }),
    async *read(key, { start, end }) {
      if (end <= start) return
      try {
        yield* createReadStream(blobs.file(key), { start, end: end - 1, highWaterMark: readBytes })
      } catch (cause) {
        throw diskFailure(cause, `Cannot read blob ${key}`, 'not-found')
      }
    },
    async size(key) {
      try {
        return (await stat(blobs.file(key))).size
      } catch (cause) {
        const failure = diskFailure(cause, `Cannot look for blob ${key}`, 'not-found')
        if (failure.code === 'not-found') return undefined
        throw failure
      }
    },
    async remove(key) {
      try {
        await rm(incoming.file(key), { force: true })
        await rm(blobs.file(key), { force: true })
      } catch (cause) {
        throw diskFailure(cause, `Cannot take blob ${key} away`)
      }
    },
    async quarantine(key) {
      try {
        await rename(blobs.file(key), quarantine.file(key))
      } catch (cause) {
        throw diskFailure(cause, `Cannot put blob ${key} into quarantine`, 'not-found')
      }
    },
    async *list() {
      yield* incoming.list()
      yield* blobs.list()
    },
    async check() {
      await incoming.check()
      await blobs.check()
    },
    close: async () => {},
  }
}

function writer(file: SpoolFile, { blobs, key }: { readonly blobs: Folder; readonly key: string }): BlobWriter {
  return {
    get bytes() {
      return file.bytes
    },
    write: (chunk) => file.write(chunk),
    read: () => file.read(),
    async finish() {
      const stored = await file.sync()
      const path = blobs.file(key)
      try {
        await rename(file.path, path)
        killPoint('parcel-renamed')
        await blobs.sync()
      } catch (cause) {
        await file.discard().catch(() => {})
        await rm(path, { force: true }).catch(() => {})
        throw diskFailure(cause, `Cannot store blob ${key}`)
      }
      return stored
    },
    keep: () => file.keep(),
    discard: () => file.discard(),
  }
}
