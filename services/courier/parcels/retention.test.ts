import assert from 'node:assert/strict'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { bytesOf, draftOf, receptionOf } from '../../../test/support/courier-intake.ts'
import { type CourierStorage, openCourierStorage } from '../../../test/support/courier-storage.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { randomKey } from '../store/blobs.contract.ts'
import type { Parcel } from './parcel.ts'
import { Retention } from './retention.ts'

const at = {
  abandonAfterMs: 0,
  disposeAfterMs: 0,
  forgetAfterMs: 0,
  retentionIntervalMs: 1_000,
  reconcileIntervalMs: 1_000,
}

describe('Retention', () => {
  let storage: CourierStorage
  before(async () => {
    storage = await openCourierStorage()
  })
  after(() => storage[Symbol.asyncDispose]())

  const retentionOf = (options: Partial<typeof at> = {}) =>
    new Retention({ ...storage, clock: new ManualClock() }, { ...at, ...options })
  const stored = async (name: string): Promise<Parcel> => {
    const incoming = await receptionOf(storage).accept(draftOf(name, 100))
    await incoming.write(bytesOf(name, 100))
    return await incoming.finish()
  }

  it('disposes of the blob of an ended parcel after the grace, and of no other', async () => {
    const ended = await stored('ended')
    const kept = await stored('kept')
    await storage.records.end(ended.id, 'deleted')
    await retentionOf({ disposeAfterMs: 3_600_000 }).clear()
    assert.equal(await storage.blobs.size(ended.blob), 100)
    await retentionOf().clear()
    assert.equal(await storage.blobs.size(ended.blob), undefined)
    assert.equal(await storage.blobs.size(kept.blob), 100)
    assert.equal((await storage.records.find(ended.id))?.outcome, 'deleted')
  })

  it('takes away blobs that no record knows, once they are old enough', async () => {
    const kept = await stored('known')
    const file = (key: string) => join(storage.folder, 'blobs', key)
    const [old, young] = [randomKey(), randomKey()]
    for (const key of [old, young]) await writeFile(file(key), 'garbage')
    for (const key of [old, kept.blob]) await utimes(file(key), 0, 0)
    await retentionOf({ abandonAfterMs: 3_600_000 }).reconcile()
    assert.equal(await storage.blobs.size(old), undefined)
    assert.equal(await storage.blobs.size(young), 7)
    assert.equal(await storage.blobs.size(kept.blob), 100)
    await storage.blobs.remove(young)
  })

  it('ends as damaged what has lost its blob', async () => {
    const lost = await stored('lost')
    await rm(join(storage.folder, 'blobs', lost.blob))
    await retentionOf({ abandonAfterMs: 3_600_000 }).reconcile()
    assert.equal((await storage.records.find(lost.id))?.outcome, 'damaged')
  })

  it('ends nothing when most blobs are gone: it may be another volume', async () => {
    const parcels: Parcel[] = []
    for (let i = 0; i < 15; i += 1) parcels.push(await stored(`volume ${i}`))
    const blobs = { ...storage.blobs, size: async () => undefined }
    const retention = new Retention(
      { ...storage, blobs, clock: new ManualClock() },
      { ...at, abandonAfterMs: 3_600_000 },
    )
    await assert.rejects(retention.reconcile(), { code: 'unavailable', message: /is this the volume/ })
    for (const { id } of parcels) assert.equal((await storage.records.find(id))?.state, 'stored')
  })
})
