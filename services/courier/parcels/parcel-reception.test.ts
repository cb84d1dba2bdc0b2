import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type CourierStorage, openCourierStorage } from '../../../test/support/courier-storage.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { openVerifiedBlob } from '../store/verified-blob.ts'
import type { Parcel, ParcelDraft } from './parcel.ts'
import { createReception, type ReceptionOptions, type ReceptionParts } from './parcel-reception.ts'
import type { Reception } from './reception.ts'

const unlimited: ReceptionOptions = {
  holder: 'this-process',
  maxFileBytes: 1 << 30,
  keepMs: 86_400_000,
  scanFailure: 'refuse',
  bytesPerSender: 0,
  parcelsPerSender: 0,
  dailyBytesPerSender: 0,
  bytesPerRecipient: 0,
  parcelsPerRecipient: 0,
  totalBytes: 0,
}

describe('createReception()', () => {
  let storage: CourierStorage
  before(async () => {
    storage = await openCourierStorage()
  })
  after(() => storage[Symbol.asyncDispose]())

  const receptionOf = (parts: Partial<ReceptionParts> = {}, options: Partial<ReceptionOptions> = {}): Reception =>
    createReception({ ...storage, scan: undefined, clock: new ManualClock(), ...parts }, { ...unlimited, ...options })
  const read = async (parcel: Parcel) =>
    Buffer.concat(await Array.fromAsync((await openVerifiedBlob(storage, parcel)).read()))
  const keysOf = async () => (await Array.fromAsync(storage.blobs.list())).map(({ key }) => key)

  it('stores a parcel that is as it was sent, and is seen only then', async () => {
    const reception = receptionOf()
    const bytes = randomBytes(300_000)
    const draft = draftOf(bytes)
    const heard: Parcel[] = []
    const stop = reception.onStored((parcel) => heard.push(parcel))
    const incoming = await reception.accept(draft)
    assert.equal(incoming.offset, 0)
    await incoming.write(bytes.subarray(0, 100_000))
    assert.equal(incoming.bytes, 100_000)
    assert.deepEqual(await storage.records.waitingFor(draft.recipient), [])
    await incoming.write(bytes.subarray(100_000))
    const parcel = await incoming.finish()
    assert.equal(parcel.state, 'stored')
    assert.equal(parcel.sha256, createHash('sha256').update(bytes).digest('hex'))
    assert.deepEqual(await storage.records.waitingFor(draft.recipient), [parcel])
    assert.deepEqual(heard, [parcel])
    assert.deepEqual(await read(parcel), bytes)
    stop()
    await (await reception.accept(draftOf(Buffer.alloc(0)))).finish()
    assert.equal(heard.length, 1)
  })

  it('continues a parcel that was kept, and asks for one byte at least', async () => {
    const reception = receptionOf()
    const bytes = randomBytes(50_000)
    const draft = draftOf(bytes)
    const first = await reception.accept(draft)
    await first.write(bytes.subarray(0, 20_000))
    await first.keep()
    const second = await reception.accept(draft)
    assert.equal(second.parcel.id, first.parcel.id)
    assert.equal(second.offset, 20_000)
    await second.write(bytes.subarray(20_000))
    await second.keep()
    const third = await reception.accept(draft)
    assert.equal(third.offset, bytes.length - 1)
    await third.write(bytes.subarray(-1))
    assert.deepEqual(await read(await third.finish()), bytes)
  })

  it('begins again where the sender can do nothing else', async () => {
    const reception = receptionOf()
    const draft = draftOf(Buffer.from('other bytes'))
    const first = await reception.accept(draft)
    await first.write(Buffer.from('some'))
    await first.keep()
    const second = await reception.accept(draft, { resume: false })
    assert.equal(second.parcel.id, first.parcel.id)
    assert.equal(second.offset, 0)
    await second.write(Buffer.from('other bytes'))
    assert.equal((await read(await second.finish())).toString(), 'other bytes')
  })

  it('refuses a second receiver of the same parcel while the first is at it', async () => {
    const reception = receptionOf()
    const draft = draftOf(randomBytes(10))
    const first = await reception.accept(draft)
    await assert.rejects(reception.accept(draft), { code: 'taken' })
    await first.discard()
    const second = await reception.accept(draft)
    assert.notEqual(second.parcel.id, first.parcel.id)
    await second.discard()
  })

  it('takes no more bytes than were offered, and none that are missing for whole', async () => {
    const reception = receptionOf()
    const incoming = await reception.accept(draftOf(randomBytes(10)))
    await incoming.write(randomBytes(6))
    await assert.rejects(incoming.write(randomBytes(5)), { code: 'over-limit' })
    await assert.rejects(incoming.finish(), { code: 'unavailable', message: /6 of 10 bytes/ })
    await incoming.write(randomBytes(4))
    await incoming.finish()
  })

  it('refuses what is larger than is allowed, and what a quota does not allow', async () => {
    const reception = receptionOf({}, { maxFileBytes: 100, bytesPerSender: 150 })
    await assert.rejects(reception.accept(draftOf(randomBytes(101))), {
      code: 'over-limit',
      message: /100 are allowed/,
    })
    const draft = draftOf(randomBytes(100))
    const first = await reception.accept(draft)
    const another = { ...draft, identity: randomUUID() }
    await assert.rejects(reception.accept(another), { code: 'over-limit', limit: 'bytesPerSender' })
    await first.discard()
    await (await reception.accept(another)).discard()
  })

  it('leaves nothing of a parcel that was discarded', async () => {
    const before = await keysOf()
    const incoming = await receptionOf().accept(draftOf(randomBytes(10)))
    await incoming.write(randomBytes(5))
    await incoming.discard()
    assert.deepEqual(await keysOf(), before)
    assert.equal((await storage.records.find(incoming.parcel.id))?.outcome, 'abandoned')
  })

  it('gives a parcel up, and its quota back, when the disk is full', async () => {
    const full = new Failure('over-limit', 'Cannot take a blob in: the disk is full')
    const blobs: ReceptionParts['blobs'] = {
      async write(key, terms) {
        const writer = await storage.blobs.write(key, terms)
        return {
          ...writer,
          bytes: 0,
          async write() {
            await writer.discard()
            throw full
          },
        }
      },
    }
    const incoming = await receptionOf({ blobs }).accept(draftOf(randomBytes(10)))
    await assert.rejects(incoming.write(randomBytes(5)), full)
    assert.equal((await storage.records.find(incoming.parcel.id))?.outcome, 'abandoned')
    await incoming.discard()
    await incoming.keep()
    assert.ok(storage.lines.includes('error a parcel could not be stored'))
  })

  it('stops when the lease is lost: another receiver may have it', async () => {
    const clock = new ManualClock()
    const renewals = Promise.withResolvers<void>()
    const records: ReceptionParts['records'] = {
      ...storage.records,
      renew: async () => {
        renewals.resolve()
        return false
      },
    }
    const draft = draftOf(randomBytes(10))
    const incoming = await receptionOf({ clock, records }).accept(draft)
    await incoming.write(randomBytes(4))
    clock.advance(10_000)
    await renewals.promise
    await new Promise(setImmediate)
    await assert.rejects(incoming.write(randomBytes(1)), { code: 'taken' })
    await assert.rejects(incoming.finish(), { code: 'taken' })
    await incoming.keep()
  })

  it('scans what has come before it is stored, and refuses what is infected', async () => {
    const seen: string[] = []
    const scan: ReceptionParts['scan'] = async (file) => {
      const text = Buffer.concat(await Array.fromAsync(file)).toString()
      seen.push(text)
      return text === 'bad' ? 'infected' : 'clean'
    }
    const reception = receptionOf({ scan })
    const good = await reception.accept(draftOf(Buffer.from('good')))
    await good.write(Buffer.from('good'))
    assert.equal((await good.finish()).state, 'stored')
    const draft = draftOf(Buffer.from('bad'))
    const bad = await reception.accept(draft)
    await bad.write(Buffer.from('bad'))
    await assert.rejects(bad.finish(), { code: 'forbidden' })
    await bad.discard()
    assert.deepEqual(seen, ['good', 'bad'])
    assert.equal((await storage.records.find(bad.parcel.id))?.outcome, 'refused')
    assert.equal(await storage.blobs.size(bad.parcel.blob), undefined)
    const notices = await storage.records.takeNotices({ forMs: 1, limit: 1000 })
    assert.deepEqual(
      notices.filter(({ to }) => to === draft.sender).map(({ kind }) => kind),
      ['refused'],
    )
  })

  it('does without a verdict as the options say', async () => {
    const scan: ReceptionParts['scan'] = async () => {
      throw new Failure('unavailable', 'Cannot scan a file: the scanner gave no verdict')
    }
    const bytes = Buffer.from('unknown')
    const strict = await receptionOf({ scan }).accept(draftOf(bytes))
    await strict.write(bytes)
    await assert.rejects(strict.finish(), { code: 'unavailable' })
    await strict.keep()
    assert.equal((await storage.records.find(strict.parcel.id))?.state, 'receiving')
    const lenient = await receptionOf({ scan }, { scanFailure: 'accept' }).accept(draftOf(bytes))
    await lenient.write(bytes)
    assert.equal((await lenient.finish()).state, 'stored')
  })
})

/** A draft of these bytes by a sender of its own. */
function draftOf(bytes: Buffer): ParcelDraft & { readonly recipient: string } {
  const who = randomUUID()
  return {
    sender: `alice-${who}@example.com`,
    recipient: `bob-${who}@example.com`,
    name: 'report.pdf',
    size: bytes.length,
    mediaType: 'application/pdf',
    identity: who,
  }
}
