import { createHash, type Hash } from 'node:crypto'
import { blockBytes, type StoredBlob } from './blobs.ts'

/** Digests of bytes that pass: of the whole, and of every block. */
export class BlockHash {
  #bytes = 0
  readonly #whole: Hash = createHash('sha256')
  readonly #blocks: Buffer[] = []
  #block: Hash | undefined

  get bytes(): number {
    return this.#bytes
  }

  update(chunk: Buffer): void {
    this.#whole.update(chunk)
    for (let start = 0; start < chunk.length; ) {
      const room = blockBytes - (this.#bytes % blockBytes)
      const part = chunk.subarray(start, start + room)
      this.#block ??= createHash('sha256')
      this.#block.update(part)
      this.#bytes += part.length
      start += part.length
      if (part.length === room) this.#endBlock()
    }
  }

  /** Once, at the end. */
  digest(): StoredBlob {
    this.#endBlock()
    return { size: this.#bytes, sha256: this.#whole.digest('hex'), blocks: Buffer.concat(this.#blocks) }
  }

  #endBlock(): void {
    if (this.#block) this.#blocks.push(this.#block.digest())
    this.#block = undefined
  }
}
