import assert from 'node:assert/strict'
import { open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { bytesOf, draftOf } from '../../../test/support/courier-intake.ts'
import { type CourierStorage, openCourierStorage } from '../../../test/support/courier-storage.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { Parcel } from '../parcels/parcel.ts'
import { createReception } from '../parcels/parcel-reception.ts'
import { blockBytes } from './blobs.ts'
import { openVerifiedBlob } from './verified-blob.ts'

const size = 3 * blockBytes + 1_234

describe('openVerifiedBlob()', () => {
  let storage: CourierStorage
  before(async () => {
    storage = await openCourierStorage()
  })
  after(() => storage[Symbol.asyncDispose]())

  const pathOf = ({ blob }: Parcel) => join(storage.folder, 'blobs', blob)
  const read = async (parcel: Parcel, range?: { start: number; end: number }) =>
    Buffer.concat(await Array.fromAsync((await openVerifiedBlob(storage, parcel)).read(range)))
  const storeParcel = async (name: string, length = size): Promise<Parcel> => {
    const quotas = { bytesPerSender: 0, parcelsPerSender: 0, dailyBytesPerSender: 0 }
    const others = { bytesPerRecipient: 0, parcelsPerRecipient: 0, totalBytes: 0 }
    const reception = createReception(
      { ...storage, scan: undefined, clock: new ManualClock() },
      { holder: 'a', maxFileBytes: 1 << 30, keepMs: 1e9, scanFailure: 'refuse', ...quotas, ...others },
    )
    const incoming = await reception.accept(draftOf(name, length))
    await incoming.write(bytesOf(name, length))
    return await incoming.finish()
  }

  it('gives the whole, and any part, also across blocks', async () => {
    const parcel = await storeParcel('good')
    const bytes = bytesOf('good', size)
    assert.deepEqual(await read(parcel), bytes)
    for (const [start, end] of [
      [0, 1],
      [size - 1, size],
      [blockBytes - 1, blockBytes + 1],
      [blockBytes, 2 * blockBytes],
      [5, size - 5],
      [7, 7],
    ] as const) {
      assert.deepEqual(await read(parcel, { start, end }), bytes.subarray(start, end), `${start}–${end}`)
    }
    assert.deepEqual(await read(await storeParcel('empty', 0)), Buffer.alloc(0))
  })

  const damages: readonly (readonly [what: string, damage: (path: string) => Promise<void>])[] = [
    ['has a flipped bit', (path) => flipBit(path, 2 * blockBytes + 10)],
    ['was truncated', (path) => truncate(path, size - 1)],
    ['was extended', (path) => writeFile(path, 'x', { flag: 'a' })],
    ['was emptied', (path) => truncate(path, 0)],
    ['is gone', (path) => rm(path)],
  ]
  for (const [what, damage] of damages) {
    it(`gives no byte that is not as it was stored of a blob that ${what}, and puts it away`, async () => {
      const parcel = await storeParcel(what)
      await damage(pathOf(parcel))
      const given: Buffer[] = []
      await assert.rejects(
        async () => {
          const blob = await openVerifiedBlob(storage, parcel)
          for await (const chunk of blob.read()) given.push(chunk)
        },
        { message: /its blob is not what was stored/ },
      )
      const prefix = Buffer.concat(given)
      assert.deepEqual(prefix, bytesOf(what, size).subarray(0, prefix.length))
      assert.ok(prefix.length <= 2 * blockBytes)
      assert.equal((await storage.records.find(parcel.id))?.outcome, 'damaged')
      assert.equal(await storage.blobs.size(parcel.blob), undefined)
      const notices = await storage.records.takeNotices({ forMs: 1, limit: 100 })
      assert.ok(notices.some((notice) => notice.parcel.id === parcel.id && notice.kind === 'damaged'))
      await assert.rejects(read(parcel, { start: 0, end: 10 }))
    })
  }

  it('gives a part that is as it was, whatever happened to others', async () => {
    const parcel = await storeParcel('partly')
    await flipBit(pathOf(parcel), 2 * blockBytes)
    const range = { start: 10, end: blockBytes + 10 }
    assert.deepEqual(await read(parcel, range), bytesOf('partly', size).subarray(range.start, range.end))
    await assert.rejects(read(parcel, { start: 2 * blockBytes + 5, end: 2 * blockBytes + 6 }))
  })

  it('gives neither of two blobs that were swapped', async () => {
    const [one, other] = [await storeParcel('one'), await storeParcel('other')]
    await rename(pathOf(one), `${pathOf(one)}.x`)
    await rename(pathOf(other), pathOf(one))
    await rename(`${pathOf(one)}.x`, pathOf(other))
    for (const parcel of [one, other]) await assert.rejects(read(parcel), { message: /not what was stored/ })
  })
})

async function flipBit(path: string, at: number): Promise<void> {
  const byte = (await readFile(path))[at] ?? 0
  const handle = await open(path, 'r+')
  await handle.write(Buffer.from([byte ^ 1]), 0, 1, at)
  await handle.close()
}
