import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { sql } from 'kysely'
import type { NoticeKind, Parcel, ParcelDraft } from '../parcels/parcel.ts'
import type { Database, OpenDatabase } from './database.ts'
import { QuotaExceeded } from './quota-exceeded.ts'
import type { Lease, Quotas, Records, ReserveTerms } from './records.ts'
import { sqlRecords } from './sql-records.ts'

const second = 1_000
const hour = 3_600 * second
const day = 24 * hour

const noQuotas: Quotas = {
  bytesPerSender: 0,
  parcelsPerSender: 0,
  dailyBytesPerSender: 0,
  bytesPerRecipient: 0,
  parcelsPerRecipient: 0,
  totalBytes: 0,
}
const blob = { sha256: 'ab'.repeat(32), blocks: Buffer.from('digests') }

/** What records promise on every database. `open` opens an empty one; the suite closes it. */
export function recordsContract(name: string, open: () => Promise<OpenDatabase>): void {
  describe(`${name} records`, () => {
    let db: Database
    let records: Records
    before(async () => {
      const database = await open()
      db = database.db
      records = await sqlRecords(database)
    })
    after(() => records.close())
    beforeEach(async () => {
      // Deleting is faster than truncating, which makes new files.
      for (const table of ['parcels', 'leases', 'notices', 'subscriptions'] as const)
        await db.deleteFrom(table).execute()
    })

    const termsOf = (quotas: Partial<Quotas> = {}, given: Partial<ReserveTerms> = {}): ReserveTerms => ({
      holder: `holder-${randomUUID()}`,
      forMs: 30 * second,
      keepMs: 14 * day,
      quotas: { ...noQuotas, ...quotas },
      ...given,
    })
    const reserve = (draft: Partial<ParcelDraft> = {}, quotas: Partial<Quotas> = {}) =>
      records.reserve(draftOf(draft), termsOf(quotas))
    const stored = async (draft: Partial<ParcelDraft> = {}): Promise<{ parcel: Parcel; lease: Lease }> => {
      const { lease } = await reserve(draft)
      return { parcel: await records.store(lease, blob), lease }
    }
    const found = async (id: string): Promise<Parcel> => {
      const parcel = await records.find(id)
      assert.ok(parcel)
      return parcel
    }
    const told = async (): Promise<NoticeKind[]> => {
      const notices = await records.takeNotices({ forMs: hour, limit: 100 })
      for (const { id } of notices) await records.noticeSent(id)
      return notices.map(({ kind }) => kind)
    }
    /** Lets time pass, by making everything older. */
    const pass = async (ms: number) => {
      const ago = sql`${ms}::float8 * interval '1 millisecond'`
      await sql`update parcels set offered_at = offered_at - ${ago}, stored_at = stored_at - ${ago},
        expires_at = expires_at - ${ago}, ended_at = ended_at - ${ago}, disposed_at = disposed_at - ${ago}`.execute(db)
      await sql`update leases set expires_at = expires_at - ${ago}`.execute(db)
      await sql`update notices set hidden_until = hidden_until - ${ago}`.execute(db)
    }

    describe('reserve()', () => {
      it('makes a parcel that is receiving, of what the draft says and nothing else', async () => {
        const draft = draftOf({
          description: 'as agreed',
          fileDate: '2026-01-02T03:04:05Z',
          sid: 's5b_1',
          receipt: true,
        })
        const { parcel, lease } = await records.reserve(draft, termsOf())
        const { identity: _, ...same } = draft
        const { id, blob, linkKey, offeredAt, expiresAt, ...rest } = parcel
        assert.deepEqual(rest, { ...same, state: 'receiving', downloads: 0, attempts: 0, linkReturns: 0 })
        assert.match(id, /^[\w-]{22}$/)
        assert.match(linkKey, /^[\w-]{32}$/)
        assert.match(blob, /^[0-9a-f]{32}$/)
        assert.equal(expiresAt.getTime() - offeredAt.getTime() - 14 * day < second, true)
        assert.equal(lease.name, `parcel/${id}`)
        assert.deepEqual(await records.find(id), parcel)
        assert.deepEqual(await records.findByLink(linkKey), parcel)
      })

      it('leaves out what a draft leaves out', async () => {
        const { recipient: _, ...draft } = draftOf()
        const { parcel } = await records.reserve(draft, termsOf())
        for (const absent of ['recipient', 'description', 'sid', 'receipt', 'outcome', 'sha256', 'storedAt']) {
          assert.equal(absent in parcel, false, absent)
        }
      })

      it('keeps sizes beyond 32 bits, and every character of a name', async () => {
        const name = '../../bob’s “📎” \u202etxt.exe\n%00'
        const { parcel } = await reserve({ size: 2 ** 40 + 1, name })
        assert.equal((await found(parcel.id)).size, 2 ** 40 + 1)
        assert.equal((await found(parcel.id)).name, name)
      })

      it('ends sooner where the sender asks so, and never later', async () => {
        const soon = new Date(Date.now() + hour)
        const early = await reserve({ expiresAt: soon })
        assert.equal(early.parcel.expiresAt.getTime(), soon.getTime())
        const late = await reserve({ expiresAt: new Date(Date.now() + 100 * day) })
        assert.ok(late.parcel.expiresAt.getTime() < Date.now() + 15 * day)
      })

      it('continues what the same sender left of the same identity, and begins its time anew', async () => {
        const draft = draftOf()
        const first = await records.reserve(draft, termsOf())
        await assert.rejects(records.reserve(draft, termsOf()), { code: 'taken' })
        await records.release(first.lease)
        await pass(day)
        const second = await records.reserve({ ...draft, sid: 'another' }, termsOf())
        assert.equal(second.parcel.id, first.parcel.id)
        assert.equal(second.parcel.sid, 'another')
        assert.ok(second.lease.fence > first.lease.fence)
        assert.ok(second.parcel.expiresAt.getTime() > Date.now() + 13 * day)
      })

      it('continues nothing of another sender, for another recipient, or that is stored', async () => {
        const draft = draftOf()
        const ids = new Set<string>()
        for (const other of [{}, { sender: 'eve@example.com' }, { recipient: 'carol@example.com' }]) {
          const { parcel, lease } = await records.reserve({ ...draft, ...other }, termsOf())
          await records.release(lease)
          ids.add(parcel.id)
        }
        const { lease } = await records.reserve(draft, termsOf())
        await records.store(lease, blob)
        ids.add((await records.reserve(draft, termsOf())).parcel.id)
        assert.equal(ids.size, 4)
      })

      it('makes one parcel of many offers of the same at once', async () => {
        const draft = draftOf()
        const settled = await Promise.allSettled(Array.from({ length: 20 }, () => records.reserve(draft, termsOf())))
        assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
        const refused = settled.filter((each) => each.status === 'rejected')
        assert.ok(refused.every(({ reason }) => reason.code === 'taken'))
        assert.equal((await records.totals()).parcels, 1)
      })
    })

    describe('quotas', () => {
      const alice = 'alice@example.com'
      const bob = 'bob@example.com'
      const cases: readonly [
        limit: keyof Quotas,
        most: number,
        of: Partial<ParcelDraft>,
        others: Partial<ParcelDraft>,
      ][] = [
        ['bytesPerSender', 100, { sender: alice }, { sender: 'eve@example.com' }],
        ['parcelsPerSender', 2, { sender: alice }, { sender: 'eve@example.com' }],
        ['dailyBytesPerSender', 100, { sender: alice }, { sender: 'eve@example.com' }],
        ['bytesPerRecipient', 100, { recipient: bob }, { recipient: 'carol@example.com' }],
        ['parcelsPerRecipient', 2, { recipient: bob }, { recipient: 'carol@example.com' }],
      ]
      for (const [limit, most, whose, others] of cases) {
        it(`hold back what is more than ${limit}, and nobody else`, async () => {
          const quotas = { [limit]: most }
          await reserve({ ...whose, size: 50 }, quotas)
          await reserve({ ...whose, size: 50 }, quotas)
          await assert.rejects(reserve({ ...whose, size: 1 }, quotas), (error) => {
            return error instanceof QuotaExceeded && error.code === 'over-limit' && error.limit === limit
          })
          await reserve({ ...others, size: 100 }, quotas)
        })
      }

      it('hold back what is more than all may be, whoever sends it, until the bytes are gone', async () => {
        const { lease, parcel } = await reserve({ size: 60 }, { totalBytes: 100 })
        await assert.rejects(reserve({ size: 41 }, { totalBytes: 100 }), { limit: 'totalBytes' })
        await records.end(parcel.id, 'abandoned', lease)
        await assert.rejects(reserve({ size: 41 }, { totalBytes: 100 }), { limit: 'totalBytes' })
        await records.noteDisposed(parcel.id)
        await reserve({ size: 41 }, { totalBytes: 100 })
      })

      for (const outcome of ['abandoned', 'delivered', 'deleted', 'expired'] as const) {
        it(`are free again when a parcel was ${outcome}, but for those of the day`, async () => {
          const quotas = { bytesPerSender: 100, bytesPerRecipient: 100, parcelsPerSender: 1 }
          const { parcel } = await reserve({ sender: alice, recipient: bob, size: 100 }, quotas)
          await records.end(parcel.id, outcome)
          const { parcel: next } = await reserve({ sender: alice, recipient: bob, size: 100 }, quotas)
          await records.end(next.id, outcome)
          await assert.rejects(reserve({ sender: alice, size: 1 }, { dailyBytesPerSender: 200 }), {
            limit: 'dailyBytesPerSender',
          })
        })
      }

      for (const [limit, unit] of [
        ['bytesPerSender', 10],
        ['bytesPerRecipient', 10],
        ['totalBytes', 10],
        ['dailyBytesPerSender', 10],
        ['parcelsPerSender', 1],
        ['parcelsPerRecipient', 1],
      ] as const) {
        it(`let one of fifty in at once where ${limit} has room for one`, async () => {
          const draft = { sender: alice, recipient: bob, size: 10 }
          await reserve(draft)
          const quotas = { [limit]: 2 * unit }
          const settled = await Promise.allSettled(Array.from({ length: 50 }, () => reserve(draft, quotas)))
          assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
          for (const each of settled) if (each.status === 'rejected') assert.equal(each.reason.limit, limit)
          assert.equal((await records.totals()).parcels, 2)
        })
      }

      it('do not stop different senders and recipients from crossing', async () => {
        const people = ['alice@example.com', 'bob@example.com', 'carol@example.com'] as const
        const quotas = { bytesPerSender: 10_000, bytesPerRecipient: 10_000, totalBytes: 100_000 }
        const pairs = people.flatMap((sender) => people.map((recipient) => ({ sender, recipient })))
        await Promise.all([...pairs, ...pairs, ...pairs].map((pair) => reserve(pair, quotas)))
        assert.equal((await records.totals()).parcels, 27)
      })

      it('say when so much of a day is over that there is room', async () => {
        const quotas = { dailyBytesPerSender: 100 }
        const oldest = await reserve({ sender: alice, size: 40 }, quotas)
        await pass(hour)
        const newer = await reserve({ sender: alice, size: 40 }, quotas)
        await pass(hour)
        await reserve({ sender: alice, size: 20 }, quotas)
        const roomAt = async (size: number) => {
          const error = await reserve({ sender: alice, size }, quotas).catch((error: unknown) => error)
          assert.ok(error instanceof QuotaExceeded)
          return error.retryAt?.getTime()
        }
        const dayAfter = async (id: string) => (await found(id)).offeredAt.getTime() + day
        assert.equal(await roomAt(40), await dayAfter(oldest.parcel.id))
        assert.equal(await roomAt(41), await dayAfter(newer.parcel.id))
        assert.equal(await roomAt(101), undefined)
        await pass(day - 2 * hour + second)
        await reserve({ sender: alice, size: 40 }, quotas)
      })
    })

    describe('store()', () => {
      it('makes the parcel wait for its recipient, and tells its sender', async () => {
        const { parcel, lease } = await reserve()
        assert.deepEqual(await records.recipients(), [])
        assert.deepEqual(await told(), [])
        await assert.rejects(records.blocksOf(parcel.id), { code: 'not-found' })
        const after = await records.store(lease, blob)
        assert.equal(after.state, 'stored')
        assert.equal(after.sha256, blob.sha256)
        assert.ok(after.storedAt)
        assert.deepEqual(await records.blocksOf(parcel.id), blob.blocks)
        assert.deepEqual(await records.waitingFor(after.recipient ?? ''), [after])
        assert.deepEqual(await records.recipients(), [after.recipient])
        assert.deepEqual(await records.sentBy(after.sender), [after])
        assert.deepEqual(await told(), ['stored'])
      })

      it('can be repeated, and tells once', async () => {
        const { lease } = await reserve()
        const once = await records.store(lease, blob)
        assert.deepEqual(await records.store(lease, blob), once)
        assert.deepEqual(await told(), ['stored'])
      })

      it('tells nobody of a file without a recipient', async () => {
        const { recipient: _, ...draft } = draftOf()
        const { lease, parcel } = await records.reserve(draft, termsOf())
        await records.store(lease, blob)
        await records.noteDownload(parcel.id, 0)
        await records.end(parcel.id, 'deleted')
        assert.deepEqual(await told(), [])
        assert.deepEqual(await records.recipients(), [])
      })

      it('is refused to whoever has lost the lease, or whose parcel has ended', async () => {
        const draft = draftOf()
        const old = await records.reserve(draft, termsOf())
        await pass(31 * second)
        const now = await records.reserve(draft, termsOf())
        await assert.rejects(records.store(old.lease, blob), { code: 'taken' })
        assert.equal((await found(now.parcel.id)).state, 'receiving')
        await records.end(now.parcel.id, 'abandoned', now.lease)
        await assert.rejects(records.store(now.lease, blob), { code: 'not-found' })
      })
    })

    describe('end()', () => {
      it('ends once, and tells the sender of what was stored', async () => {
        for (const outcome of ['delivered', 'expired', 'deleted', 'damaged'] as const) {
          const { parcel } = await stored()
          assert.equal(await records.end(parcel.id, outcome), true)
          assert.equal(await records.end(parcel.id, 'delivered'), false)
          const ended = await found(parcel.id)
          assert.equal(ended.state, 'ended')
          assert.equal(ended.outcome, outcome)
          assert.ok(ended.endedAt)
          assert.equal(ended.deliveredAt !== undefined, outcome === 'delivered')
          assert.deepEqual(await told(), ['stored', outcome])
        }
        assert.equal(await records.end('unknown', 'deleted'), false)
      })

      it('tells of what was never stored only that it was refused', async () => {
        for (const [outcome, says] of [
          ['abandoned', []],
          ['deleted', []],
          ['refused', ['refused']],
        ] as const) {
          const { parcel } = await reserve()
          await records.end(parcel.id, outcome)
          assert.deepEqual(await told(), says)
        }
      })

      it('is refused to whoever has lost the lease', async () => {
        const { parcel, lease } = await stored()
        await records.release(lease)
        await assert.rejects(records.end(parcel.id, 'delivered', lease), { code: 'taken' })
        assert.equal((await found(parcel.id)).state, 'stored')
      })
    })

    describe('notes of a delivery', () => {
      it('are kept under the lease, and the word that it was declined is given once', async () => {
        const { parcel, lease } = await stored()
        await records.noteAttempt(lease)
        await records.noteAttempt(lease)
        await records.noteDeclined(lease)
        const { declinedAt } = await found(parcel.id)
        await records.noteDeclined(lease)
        await records.noteLinked(lease, 0)
        const after = await found(parcel.id)
        assert.equal(after.attempts, 2)
        assert.ok(after.linkedAt && declinedAt)
        assert.deepEqual(after.declinedAt, declinedAt)
        assert.deepEqual(await told(), ['stored', 'declined'])
        await records.release(lease)
        for (const note of [records.noteAttempt, records.noteDeclined]) {
          await assert.rejects(note(lease), { code: 'taken' })
        }
        await assert.rejects(records.noteLinked(lease, 0), { code: 'taken' })
      })

      it('take back the link while somebody waits for it', async () => {
        const { parcel, lease } = await stored()
        await records.noteLinked(lease, 0)
        assert.equal(await records.noteUnlinked(parcel.id), true)
        assert.equal((await found(parcel.id)).linkedAt, undefined)
        await records.noteDownload(parcel.id, 0)
        assert.equal(await records.noteUnlinked(parcel.id), false)
        assert.equal(await records.noteUnlinked('unknown'), false)
      })

      it('do not take a link for sent that came back before it was noted', async () => {
        const { parcel, lease } = await stored()
        assert.equal(await records.noteUnlinked(parcel.id), true)
        await records.noteLinked(lease, parcel.linkReturns)
        const returned = await found(parcel.id)
        assert.equal(returned.linkedAt, undefined)
        await records.noteLinked(lease, returned.linkReturns)
        assert.ok((await found(parcel.id)).linkedAt)
      })
    })

    describe('noteDownload()', () => {
      it('counts, and tells of the first', async () => {
        const { parcel } = await stored()
        assert.equal(await records.noteDownload(parcel.id, 0), true)
        assert.equal(await records.noteDownload(parcel.id, 0), true)
        const after = await found(parcel.id)
        assert.equal(after.downloads, 2)
        assert.equal(after.state, 'stored')
        assert.ok(after.deliveredAt)
        assert.deepEqual(await records.waitingFor(parcel.recipient ?? ''), [])
        assert.deepEqual(await told(), ['stored', 'delivered'])
        await records.end(parcel.id, 'delivered')
        assert.deepEqual(await told(), [])
      })

      it('allows so many and no more, then ends the parcel', async () => {
        const { parcel } = await stored()
        const allowed = await Promise.all(Array.from({ length: 10 }, () => records.noteDownload(parcel.id, 3)))
        assert.equal(allowed.filter(Boolean).length, 3)
        const after = await found(parcel.id)
        assert.equal(after.downloads, 3)
        assert.equal(after.outcome, 'delivered')
        assert.deepEqual(await told(), ['stored', 'delivered'])
      })

      it('allows none of what is not stored', async () => {
        const { parcel } = await reserve()
        assert.equal(await records.noteDownload(parcel.id, 0), false)
        await records.end(parcel.id, 'abandoned')
        assert.equal(await records.noteDownload(parcel.id, 0), false)
        assert.equal(await records.noteDownload('unknown', 0), false)
      })
    })

    describe('leases', () => {
      const terms = (holder: string) => ({ holder, forMs: 30 * second })

      it('are had by one at a time, and one of many who ask at once gets it', async () => {
        const settled = await Promise.all(
          Array.from({ length: 20 }, (_, i) => records.take('component', terms(`${i}`))),
        )
        const [lease, ...more] = settled.filter((each) => each !== undefined)
        assert.ok(lease)
        assert.deepEqual(more, [])
        assert.equal(await records.take('component', terms(lease.holder)), undefined)
        assert.ok(await records.take('another', terms('x')))
      })

      it('pass on when they are given back or run out, with a greater fence', async () => {
        const one = await records.take('component', terms('one'))
        assert.ok(one)
        await records.release(one)
        const two = await records.take('component', terms('two'))
        assert.ok(two)
        await pass(31 * second)
        const three = await records.take('component', terms('three'))
        assert.ok(three)
        assert.ok(one.fence < two.fence && two.fence < three.fence)
        for (const lost of [one, two]) {
          assert.equal(await records.renew(lost, hour), false)
          await records.release(lost)
        }
        assert.equal(await records.renew(three, hour), true)
      })

      it('last as long as they are renewed', async () => {
        const lease = await records.take('component', terms('one'))
        assert.ok(lease)
        for (let i = 0; i < 3; i += 1) {
          await pass(20 * second)
          assert.equal(await records.renew(lease, 30 * second), true)
          assert.equal(await records.take('component', terms('two')), undefined)
        }
      })
    })

    describe('expire()', () => {
      const terms = { abandonAfterMs: day, limit: 100 }

      it('ends what is past its time, and tells the sender', async () => {
        const old = await stored()
        await records.release(old.lease)
        await pass(14 * day + second)
        const young = await stored()
        await records.release(young.lease)
        assert.deepEqual(await records.expire(terms), ['expired'])
        assert.equal((await found(old.parcel.id)).outcome, 'expired')
        assert.equal((await found(young.parcel.id)).state, 'stored')
        assert.deepEqual(await told(), ['stored', 'stored', 'expired'])
        assert.deepEqual(await records.expire(terms), [])
      })

      it('calls what was fetched by its link delivered, and says nothing more', async () => {
        const { parcel, lease } = await stored()
        await records.release(lease)
        await records.noteDownload(parcel.id, 0)
        await told()
        await pass(15 * day)
        assert.deepEqual(await records.expire(terms), ['delivered'])
        assert.deepEqual(await told(), [])
      })

      it('abandons what nobody has been sending for so long, silently', async () => {
        const { parcel, lease } = await reserve()
        await pass(day - hour)
        await records.renew(lease, second)
        await pass(day - hour)
        assert.deepEqual(await records.expire(terms), [])
        await pass(2 * hour)
        assert.deepEqual(await records.expire(terms), ['abandoned'])
        assert.equal((await found(parcel.id)).outcome, 'abandoned')
        assert.deepEqual(await told(), [])
      })

      it('has the patience that the draft asks for', async () => {
        const { lease } = await reserve({ abandonAfterMs: 5 * 60 * second })
        await records.release(lease)
        await pass(4 * 60 * second)
        assert.deepEqual(await records.expire(terms), [])
        await pass(61 * second)
        assert.deepEqual(await records.expire(terms), ['abandoned'])
      })

      it('leaves what somebody is receiving or delivering', async () => {
        const { lease } = await stored()
        const coming = await reserve()
        await pass(15 * day)
        for (const each of [lease, coming.lease]) await records.renew(each, 30 * second)
        assert.deepEqual(await records.expire(terms), [])
        for (const each of [lease, coming.lease]) await records.release(each)
        assert.deepEqual((await records.expire(terms)).sort(), ['abandoned', 'expired'])
      })

      it('takes no more at once than it is told, and nothing twice', async () => {
        for (let i = 0; i < 5; i += 1) await records.release((await stored()).lease)
        await pass(15 * day)
        const batches = await Promise.all([1, 2, 3].map(() => records.expire({ ...terms, limit: 2 })))
        const ended = batches.flat().length
        assert.ok(ended <= 5 && batches.every((batch) => batch.length <= 2))
        assert.equal((await records.expire(terms)).length, 5 - ended)
      })
    })

    describe('disposal', () => {
      it('comes a while after the end, and then the row is forgotten, a day old at least', async () => {
        const { parcel, lease } = await stored()
        const disposable = async (graceMs = hour) =>
          (await records.disposable({ graceMs, limit: 10 })).map(({ id }) => id)
        assert.deepEqual(await disposable(0), [])
        await records.end(parcel.id, 'delivered', lease)
        assert.deepEqual(await disposable(), [])
        await pass(hour + second)
        assert.deepEqual(await disposable(), [parcel.id])
        await records.noteDisposed(parcel.id)
        assert.deepEqual(await disposable(), [])
        assert.equal(await records.forget({ afterMs: 0 }), 0)
        await pass(day)
        assert.equal(await records.forget({ afterMs: 2 * day }), 0)
        assert.equal(await records.forget({ afterMs: hour }), 1)
        assert.equal(await records.find(parcel.id), undefined)
        assert.equal(await records.findByLink(parcel.linkKey), undefined)
      })

      it('knows the blobs of all rows but those that were disposed of', async () => {
        const kept = await stored()
        const coming = await reserve()
        const gone = await stored()
        await records.end(gone.parcel.id, 'deleted')
        const keys = [kept, coming, gone].map(({ parcel }) => parcel.blob)
        assert.deepEqual(await records.unknownBlobs([...keys, 'garbage']), ['garbage'])
        await records.noteDisposed(gone.parcel.id)
        assert.deepEqual(await records.unknownBlobs(keys), [gone.parcel.blob])
        assert.deepEqual(await records.unknownBlobs([]), [])
      })

      it('goes through all that is stored, part by part', async () => {
        const ids: string[] = []
        for (let i = 0; i < 5; i += 1) ids.push((await stored()).parcel.id)
        await reserve()
        const seen: string[] = []
        for (let last = ''; ; last = seen.at(-1) ?? '') {
          const part = await records.storedAfter(last, 2)
          if (part.length === 0) break
          seen.push(...part.map(({ id }) => id))
        }
        assert.deepEqual(seen.toSorted(), ids.toSorted())
      })
    })

    describe('notices', () => {
      it('come in the order in which they were written, with their parcel, and stay until they are sent', async () => {
        const one = await stored()
        const two = await stored()
        await records.end(one.parcel.id, 'deleted')
        const notices = await records.takeNotices({ forMs: 30 * second, limit: 10 })
        assert.deepEqual(
          notices.map(({ kind, to, parcel }) => [kind, to, parcel.id]),
          [
            ['stored', one.parcel.sender, one.parcel.id],
            ['stored', two.parcel.sender, two.parcel.id],
            ['deleted', one.parcel.sender, one.parcel.id],
          ],
        )
        assert.deepEqual(await records.takeNotices({ forMs: 30 * second, limit: 10 }), [])
        const [first] = notices
        await records.noticeSent(first?.id ?? '')
        await pass(31 * second)
        const again = await records.takeNotices({ forMs: 30 * second, limit: 10 })
        assert.deepEqual(
          again.map(({ id }) => id),
          notices.slice(1).map(({ id }) => id),
        )
      })

      it('are taken by one of several who ask at once, and no more than they ask for', async () => {
        for (let i = 0; i < 6; i += 1) await stored()
        const taken = await Promise.all([1, 2, 3].map(() => records.takeNotices({ forMs: hour, limit: 2 })))
        const ids = taken.flat().map(({ id }) => id)
        assert.equal(new Set(ids).size, ids.length)
        assert.ok(taken.every((each) => each.length <= 2))
      })
    })

    describe('subscriptions', () => {
      it('begin with nothing and remember what is set', async () => {
        const bob = 'bob@example.com'
        assert.deepEqual(await records.subscription(bob), { sees: false, asked: false, refused: false, follows: [] })
        await records.setSubscription(bob, { asked: true })
        await records.setSubscription(bob, {
          sees: true,
          follows: ['a@courier.example.com', 'b{,}"@courier.example.com'],
        })
        assert.deepEqual(await records.subscription(bob), {
          sees: true,
          asked: true,
          refused: false,
          follows: ['a@courier.example.com', 'b{,}"@courier.example.com'],
        })
        await records.setSubscription(bob, { follows: [] })
        assert.deepEqual((await records.subscription(bob)).follows, [])
        await records.setSubscription('carol@example.com', { refused: true })
        assert.deepEqual(await records.subscribers(), [bob])
      })
    })

    it('total what is stored and what is reserved', async () => {
      await stored({ size: 100 })
      await reserve({ size: 20 })
      const { parcel } = await stored({ size: 3 })
      await records.end(parcel.id, 'deleted')
      assert.deepEqual(await records.totals(), { parcels: 2, bytes: 100, receivingBytes: 20 })
    })

    it('answer that the database is there', () => records.check())
  })
}

function draftOf(given: Partial<ParcelDraft> = {}): ParcelDraft {
  const who = randomUUID()
  return {
    sender: `alice-${who}@example.com`,
    recipient: `bob-${who}@example.com`,
    name: 'report.pdf',
    size: 10,
    mediaType: 'application/pdf',
    identity: who,
    ...given,
  }
}
