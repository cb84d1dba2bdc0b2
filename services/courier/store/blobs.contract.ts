import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type BlobStore, type BlobWriter, blockBytes } from './blobs.ts'

/** A blob store under test, and what a broken disk or a vandal does to it. */
export interface BlobsUnderTest {
  readonly blobs: BlobStore
  /** Opens the same store once more, as after a crash. */
  reopen(): Promise<BlobStore>
}

const everything = { resumeAtMost: Number.POSITIVE_INFINITY }

/** What every blob store promises. `open` makes an empty one; the suite closes what it opens. */
export function blobsContract(name: string, open: () => Promise<BlobsUnderTest>): void {
  describe(`${name} blobs`, () => {
    let subject: BlobsUnderTest
    let blobs: BlobStore
    beforeEach(async () => {
      subject = await open()
      blobs = subject.blobs
    })
    afterEach(() => blobs.close())

    const read = async (key: string, start = 0, end?: number) => {
      const range = { start, end: end ?? (await blobs.size(key)) ?? 1 }
      return Buffer.concat(await Array.fromAsync(blobs.read(key, range)))
    }
    const keysOf = async (store: BlobStore) => (await Array.fromAsync(store.list())).map(({ key }) => key)

    it('gives back what was written, and its digests', async () => {
      const key = randomKey()
      const bytes = randomBytes(2 * blockBytes + 12_345)
      const writer = await blobs.write(key, everything)
      assert.equal(writer.bytes, 0)
      await writeIn(writer, bytes, 70_000)
      assert.equal(writer.bytes, bytes.length)
      const stored = await writer.finish()
      assert.equal(stored.size, bytes.length)
      assert.equal(stored.sha256, sha256(bytes).toString('hex'))
      const blocks = [bytes.subarray(0, blockBytes), bytes.subarray(blockBytes, 2 * blockBytes)]
      assert.deepEqual(stored.blocks, Buffer.concat([...blocks, bytes.subarray(2 * blockBytes)].map(sha256)))
      assert.deepEqual(await read(key), bytes)
    })

    it('keeps an empty blob', async () => {
      const key = randomKey()
      const stored = await (await blobs.write(key, everything)).finish()
      assert.deepEqual(stored, { size: 0, sha256: sha256(Buffer.alloc(0)).toString('hex'), blocks: Buffer.alloc(0) })
      assert.equal(await blobs.size(key), 0)
      assert.deepEqual(await read(key), Buffer.alloc(0))
    })

    it('reads any part', async () => {
      const key = randomKey()
      const bytes = randomBytes(100_000)
      await store(blobs, key, bytes)
      for (const [start, end] of [
        [0, 2],
        [99_999, 100_000],
        [12_345, 67_890],
        [5, 5],
      ] as const) {
        assert.deepEqual(await read(key, start, end), bytes.subarray(start, end), `${start}–${end}`)
      }
      for await (const chunk of blobs.read(key, { start: 0, end: bytes.length })) {
        assert.ok(chunk.length > 0)
        break
      }
    })

    it('shows nothing of a blob before it is finished', async () => {
      const key = randomKey()
      const writer = await blobs.write(key, everything)
      await writer.write(Buffer.from('not yet'))
      assert.equal(await blobs.size(key), undefined)
      await assert.rejects(read(key), { code: 'not-found' })
      assert.deepEqual(Buffer.concat(await Array.fromAsync(writer.read())), Buffer.from('not yet'))
      // Whoever asks for the bytes and takes none leaves nothing open, nor an error to come.
      writer.read()
      await writer.finish()
      assert.equal(await blobs.size(key), 7)
    })

    it('continues what was kept, also after a crash, with the same digests', async () => {
      const key = randomKey()
      const bytes = randomBytes(blockBytes + 500_000)
      const first = await blobs.write(key, everything)
      await first.write(bytes.subarray(0, 300_001))
      await first.keep()
      const other = await subject.reopen()
      const second = await other.write(key, everything)
      assert.equal(second.bytes, 300_001)
      await second.write(bytes.subarray(300_001, blockBytes + 1))
      // A writer that nobody has ended stands for a process that was killed.
      const third = await blobs.write(key, everything)
      assert.equal(third.bytes, blockBytes + 1)
      await second.keep()
      await third.write(bytes.subarray(blockBytes + 1))
      const stored = await third.finish()
      assert.equal(stored.sha256, sha256(bytes).toString('hex'))
      assert.deepEqual(await read(key), bytes)
      await other.close()
    })

    it('keeps no more of an earlier attempt than it is told to', async () => {
      const key = randomKey()
      const first = await blobs.write(key, everything)
      await first.write(Buffer.from('0123456789'))
      await first.keep()
      const second = await blobs.write(key, { resumeAtMost: 4 })
      assert.equal(second.bytes, 4)
      await second.write(Buffer.from('abc'))
      await second.finish()
      assert.equal((await read(key)).toString(), '0123abc')
    })

    it('leaves nothing of what was discarded, or kept with nothing in it', async () => {
      const discarded = randomKey()
      const writer = await blobs.write(discarded, everything)
      await writer.write(Buffer.from('gone'))
      await writer.discard()
      const empty = await blobs.write(randomKey(), everything)
      await empty.keep()
      assert.deepEqual(await keysOf(blobs), [])
      const again = await blobs.write(discarded, everything)
      assert.equal(again.bytes, 0)
      await again.discard()
    })

    it('lists what is finished and what is not, with when it changed', async () => {
      const keys = [randomKey(), randomKey()] as const
      await store(blobs, keys[0], Buffer.from('whole'))
      const writer = await blobs.write(keys[1], everything)
      await writer.write(Buffer.from('half'))
      await writer.keep()
      const listed = await Array.fromAsync(blobs.list())
      assert.deepEqual(listed.map(({ key }) => key).sort(), [...keys].sort())
      for (const { changedAt } of listed) assert.ok(Math.abs(changedAt.getTime() - Date.now()) < 60_000)
    })

    it('takes away what is finished and what is not, and nothing twice', async () => {
      const keys = [randomKey(), randomKey(), randomKey()] as const
      await store(blobs, keys[0], Buffer.from('whole'))
      const writer = await blobs.write(keys[1], everything)
      await writer.write(Buffer.from('half'))
      await writer.keep()
      for (const key of [...keys, ...keys]) await blobs.remove(key)
      assert.deepEqual(await keysOf(blobs), [])
      await assert.rejects(read(keys[0]), { code: 'not-found' })
    })

    it('reads nothing that is in quarantine, and lists it no more', async () => {
      const key = randomKey()
      await store(blobs, key, Buffer.from('bad'))
      await blobs.quarantine(key)
      await assert.rejects(read(key), { code: 'not-found' })
      assert.equal(await blobs.size(key), undefined)
      assert.deepEqual(await keysOf(blobs), [])
      await assert.rejects(blobs.quarantine(key), { code: 'not-found' })
    })

    it('takes no key that is not one of ours', async () => {
      for (const key of ['', '../../etc/passwd', 'a'.repeat(31), `${'a'.repeat(32)}/`, 'A'.repeat(32)]) {
        await assert.rejects(blobs.write(key, everything), { code: 'malformed' }, key)
        await assert.rejects(read(key), { code: 'malformed' }, key)
        await assert.rejects(blobs.remove(key), { code: 'malformed' }, key)
      }
    })

    it('answers that it can be used', () => blobs.check())
  })
}

/** Stores bytes under a key. */
export async function store(blobs: BlobStore, key: string, bytes: Buffer): Promise<void> {
  const writer = await blobs.write(key, everything)
  await writer.write(bytes)
  await writer.finish()
}

/** A key as records make them. */
export const randomKey = (): string => randomBytes(16).toString('hex')

async function writeIn(writer: BlobWriter, bytes: Buffer, chunkBytes: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) await writer.write(bytes.subarray(at, at + chunkBytes))
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
