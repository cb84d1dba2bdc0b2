import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { Failure } from '../bytestream/failure.ts'

const READ_BYTES = 256 * 1024

/** A file on its way out. Whoever opened it closes it. */
export interface SourceFile {
  readonly name: string
  readonly size: number
  /** Last change, as an XEP-0082 timestamp. */
  readonly date: string
  /** Absent when nothing better than `application/octet-stream` is known. */
  readonly mediaType?: string
  /** SHA-256 of the whole file in hex, where it is known before it is read. */
  readonly knownSha256?: string
  /**
   * The bytes from `offset` to the end, in chunks of at most `chunkBytes`, each in memory of its own. Throws `internal`
   * when the file has become shorter.
   */
  chunks(offset: number, chunkBytes?: number): AsyncGenerator<Buffer, void>
  /** SHA-256 of the whole file in hex, once `chunks` has been read to its end; the part before the offset included. */
  sha256(): string
  close(): Promise<void>
}

/** Opens a file for sending. Throws `not-found` when it cannot be read or is not a file. */
export async function openSourceFile(path: string): Promise<SourceFile> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new Failure('not-found', `Cannot read ${path}`, { cause })
  })
  const stats = await handle.stat()
  if (!stats.isFile()) {
    await handle.close()
    throw new Failure('not-found', `Cannot send ${path}: it is not a file`)
  }
  let sum: string | undefined
  return {
    name: basename(path),
    size: stats.size,
    date: `${stats.mtime.toISOString().slice(0, 19)}Z`,
    async *chunks(offset, chunkBytes = READ_BYTES) {
      const hash = createHash('sha256')
      for await (const chunk of read(handle, path, 0, offset, READ_BYTES)) hash.update(chunk)
      for await (const chunk of read(handle, path, offset, stats.size, chunkBytes)) {
        hash.update(chunk)
        yield chunk
      }
      sum = hash.digest('hex')
    },
    sha256() {
      if (sum === undefined) throw new Error(`${path} has not been read to its end`)
      return sum
    },
    close: () => handle.close(),
  }
}

async function* read(handle: FileHandle, path: string, from: number, to: number, chunkBytes: number) {
  for (let position = from; position < to; ) {
    const length = Math.min(chunkBytes, to - position)
    // A fresh buffer each time: a socket keeps what it could not send at once.
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(length), 0, length, position)
    if (bytesRead === 0) throw new Failure('internal', `${path} became shorter while it was sent`)
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
