import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, rm, statfs } from 'node:fs/promises'
import { Failure } from '../../shared/bytestream/failure.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { StoredBlob } from './blobs.ts'
import { BlockHash } from './block-hash.ts'
import { diskFailure } from './disk-failure.ts'
import type { Folder } from './folder.ts'

const readBytes = 256 * 1024
/** How often it is looked how much room is left. */
const roomEveryBytes = 8 << 20

export interface SpoolTerms {
  /** Of what is there already. */
  readonly resumeAtMost: number
  /** Room on the volume that is left to others: the embedded database cannot do without any. */
  readonly keepFreeBytes: number
}

/**
 * A blob on its way in, in a file that nobody else reads: hashed as it comes, and resumed by what is there after a crash,
 * which is hashed again. States: open, closed. Whatever the disk refuses closes it and leaves nothing behind.
 */
export class SpoolFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #hash: BlockHash
  readonly #keepFreeBytes: number
  #roomUntil = 0
  #isOpen = true

  private constructor(path: string, handle: FileHandle, hash: BlockHash, keepFreeBytes: number) {
    this.path = path
    this.#handle = handle
    this.#hash = hash
    this.#keepFreeBytes = keepFreeBytes
  }

  /** Opens the file of a key and keeps at most so many bytes of what is there. */
  static async open(folder: Folder, key: string, { resumeAtMost, keepFreeBytes }: SpoolTerms): Promise<SpoolFile> {
    const path = folder.file(key)
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
      try {
        const { size } = await handle.stat()
        if (size > resumeAtMost) await handle.truncate(resumeAtMost)
        const hash = new BlockHash()
        for await (const chunk of readFrom(path)) hash.update(chunk)
        return new SpoolFile(path, handle, hash, keepFreeBytes)
      } catch (error) {
        await handle.close()
        throw error
      }
    } catch (cause) {
      throw diskFailure(cause, 'Cannot take a blob in')
    }
  }

  get bytes(): number {
    return this.#hash.bytes
  }

  async write(chunk: Buffer): Promise<void> {
    await this.#orNothing(async () => {
      await this.#demandRoom(chunk.length)
      for (let written = 0; written < chunk.length; ) {
        const left = chunk.length - written
        const { bytesWritten } = await this.#handle.write(chunk, written, left, this.bytes + written)
        written += bytesWritten
      }
      this.#hash.update(chunk)
    })
  }

  read(): AsyncIterable<Buffer> {
    return readFrom(this.path)
  }

  /** Makes the bytes durable and closes the file. Once: after a failed sync the kernel may have dropped what it could not write. */
  async sync(): Promise<StoredBlob> {
    return await this.#orNothing(async () => {
      await this.#handle.sync()
      await this.#close()
      killPoint('parcel-synced')
      return this.#hash.digest()
    })
  }

  async keep(): Promise<void> {
    await this.#close()
    if (this.bytes === 0) await rm(this.path, { force: true })
  }

  async discard(): Promise<void> {
    await this.#close()
    await rm(this.path, { force: true })
  }

  async #demandRoom(more: number): Promise<void> {
    if (this.bytes + more <= this.#roomUntil) return
    const { bavail, bsize } = await statfs(this.path)
    if (bavail * bsize < this.#keepFreeBytes + more) {
      throw new Failure('over-limit', 'Cannot take a blob in: the disk is full, but for what the database needs')
    }
    this.#roomUntil = this.bytes + Math.max(more, roomEveryBytes)
  }

  async #orNothing<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (cause) {
      // The first error is the one that tells; what cannot be taken away now is garbage, and collected as such.
      await this.discard().catch(() => {})
      throw diskFailure(cause, 'Cannot take a blob in')
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#handle.close()
  }
}

/** Opens the file only when it is read: whoever asks for the bytes and takes none leaves nothing open. */
async function* readFrom(path: string): AsyncIterable<Buffer> {
  yield* createReadStream(path, { highWaterMark: readBytes })
}
