import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../bytestream/failure.ts'
import { alternatives, safeFileName } from './file-name.ts'
import type { FileSink } from './file-sink.ts'

/** What tells one file on its way in from another: a later offer with the same identity continues it. */
export interface FileIdentity {
  /** Bare JID. */
  readonly sender: string
  readonly name: string
  /** Absent when the sender does not say. */
  readonly size?: number
  readonly date?: string
  readonly hash?: string
}

/**
 * A file on its way in, kept beside its destination until it is whole. It then gets its name, or the next free one:
 * nothing is overwritten.
 */
export type PartialFile = FileSink<{ readonly path: string; readonly sha256: string }>

/**
 * Opens the partial file of an identity in a folder. Without `resume`, what an earlier attempt left is dropped. `maxBytes`
 * counts where the size is not known.
 */
export async function openPartialFile(
  folder: string,
  identity: FileIdentity,
  { resume, maxBytes = Number.POSITIVE_INFINITY }: { resume: boolean; maxBytes?: number },
): Promise<PartialFile> {
  const { size } = identity
  const limit = size ?? maxBytes
  const name = safeFileName(identity.name)
  const path = join(folder, `.${name}.${identityKey(identity).slice(0, 16)}.part`)
  // O_NOFOLLOW: nobody may turn the name into a link to another file.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  const handle = await open(path, flags, 0o600).catch((cause: unknown) => {
    throw new Failure('unavailable', `Cannot write to ${folder}`, { cause })
  })
  const hash = createHash('sha256')
  // At least one byte is asked for: peers take an empty range for a mistake.
  const offset = resume && size ? Math.min((await handle.stat()).size, size - 1) : 0
  await handle.truncate(offset)
  await hashPrefix(handle, hash, offset)
  let bytes = offset

  return {
    offset,
    get bytes() {
      return bytes
    },
    async write(chunk) {
      if (bytes + chunk.length > limit) {
        throw new Failure('over-limit', `The file has more than ${limit} bytes`)
      }
      hash.update(chunk)
      await writeAll(handle, chunk, bytes)
      bytes += chunk.length
    },
    async finish(told) {
      if (size !== undefined && bytes !== size) {
        throw new Failure('unavailable', `The stream ended after ${bytes} of ${size} bytes`)
      }
      const sha256 = hash.copy().digest('hex')
      if (told !== undefined && told !== sha256) {
        throw new Failure('malformed', `The file has the SHA-256 ${sha256}, not ${told} as its sender told`)
      }
      const destination = await claimName(folder, name)
      // Until now nobody else could read it; from now on it is a file like any other.
      await handle.chmod(destination.mode)
      await handle.sync()
      await handle.close()
      await rename(path, destination.path)
      await syncFolder(folder)
      return { path: destination.path, sha256 }
    },
    async keep() {
      await handle.close()
      if (bytes === 0) await rm(path, { force: true })
    },
    async discard() {
      await handle.close()
      await rm(path, { force: true })
    },
  }
}

/** One string per identity. */
export function identityKey({ sender, name, size = -1, date = '', hash = '' }: FileIdentity): string {
  return createHash('sha256')
    .update(JSON.stringify([sender, name, size, date, hash]))
    .digest('hex')
}

async function hashPrefix(handle: FileHandle, hash: Hash, length: number): Promise<void> {
  if (length === 0) return
  const prefix = handle.createReadStream({ start: 0, end: length - 1, autoClose: false, highWaterMark: 256 * 1024 })
  for await (const chunk of prefix) hash.update(chunk)
}

async function writeAll(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, position + written)
    written += bytesWritten
  }
}

/** Creates an empty file under the first free name, so that no other transfer takes it before the rename. */
async function claimName(folder: string, name: string): Promise<{ path: string; mode: number }> {
  for (const candidate of alternatives(name)) {
    const path = join(folder, candidate)
    try {
      const handle = await open(path, 'wx', 0o666)
      const { mode } = await handle.stat()
      await handle.close()
      return { path, mode: mode & 0o777 }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  throw new Error('the alternatives never end')
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync()
  await handle.close()
}
