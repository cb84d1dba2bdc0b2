import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { atEnd } from '../../../test/support/at-end.ts'
import { KnownPresence } from '../../../test/support/known-presence.ts'
import { linkSessions } from '../../../test/support/linked-sessions.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ParcelShelf, storedParcel } from '../../../test/support/parcel-shelf.ts'
import { testFolder } from '../../../test/support/transfer-ends.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { formatJid } from '../../shared/bytestream/jid.ts'
import type { ReceivedFile } from '../../shared/transfer/incoming.ts'
import { type ProposedFile, receiverFeatures, startReceiver } from '../../shared/transfer/receiver.ts'
import { answerDiscovery } from '../../shared/xmpp/discovery.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import { type Element, ns } from '../../shared/xmpp/xml.ts'
import { addressOf } from '../addresses/address.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { EndedOffer } from './delivery-events.ts'
import { Round, type RoundOptions } from './round.ts'

const bob = 'bob@example.com'
const phone = `${bob}/phone`
const desk = `${bob}/desk`
const componentDomain = 'courier.example.com'
const aliceHere = formatJid(addressOf('alice@example.com', componentDomain))

interface Setting {
  readonly options?: Partial<RoundOptions>
  readonly agreed?: boolean
  readonly online?: readonly string[]
  /** What Bob says to an offer, by resource; left out, the resource knows no file transfer. */
  readonly decisions?: Readonly<Record<string, (file: ProposedFile) => true | string | Promise<true | string>>>
  /** Sees every stanza; false loses it. */
  readonly tap?: (stanza: Element) => boolean
}

/** Bob with a phone and a desk, and parcels of Alice for him. */
async function setUp(
  t: TestContext,
  { options, agreed = true, online = [phone], decisions = { [phone]: () => true }, tap = () => true }: Setting = {},
) {
  const into = await testFolder(t)
  const messages: Element[] = []
  const offered: string[] = []
  const [alice, ...bobs] = linkSessions([aliceHere, phone, desk], (stanza) => {
    if (stanza.is('message')) messages.push(stanza)
    const name = offeredName(stanza)
    if (name !== undefined) offered.push(`${name} to ${stanza.attrs.to}`)
    return tap(stanza)
  })
  const received: Promise<ReceivedFile>[] = []
  for (const session of bobs) attend(t, session, { into, received, decide: decisions[formatJid(session.jid)] })

  const presence = new KnownPresence()
  if (agreed) presence.agreeing.add(bob)
  for (const jid of online) presence.arrive(jid)
  const records = new ParcelShelf()
  const blobs = new Map<string, Buffer>()
  const put = (given: Partial<Parcel> = {}): Parcel => {
    const content = randomBytes(given.size ?? 10_000)
    const sha256 = createHash('sha256').update(content).digest('hex')
    const parcel = storedParcel({ ...given, size: content.length, sha256 })
    blobs.set(parcel.blob, content)
    records.put(parcel)
    return parcel
  }
  const reads: number[] = []
  const offers: EndedOffer[] = []
  const linked: string[] = []
  const round = async (signal = new AbortController().signal) => {
    const result = await new Round(
      {
        records,
        presence,
        switchboard: { session: () => alice, settled: async () => {} },
        async *read({ blob }, { start, end }) {
          reads.push(start)
          const content = blobs.get(blob)
          if (!content) throw new Failure('internal', 'damaged')
          yield content.subarray(start, end)
        },
        events: {
          offerEnded: (_parcel, offer) => offers.push(offer),
          linkSent: ({ id }) => linked.push(id),
        },
        clock: new ManualClock(),
      },
      {
        componentDomain,
        publicUrl: 'https://files.example.com',
        delivery: 'auto',
        deliveryAttempts: 3,
        deliveryAnswerMs: 60_000,
        proxies: [],
        holder: 'test',
        ...options,
      },
      bob,
    ).run(signal)
    // What was sent arrives in a later turn.
    await turn()
    return result
  }
  const outcomes = () => offers.map(({ outcome }) => outcome)
  return { put, round, records, presence, received, messages, offered, outcomes, linked, reads, blobs }
}

/** The name of the file that a stanza offers by Jingle. */
function offeredName(stanza: Element): string | undefined {
  const jingle = stanza.getChild('jingle', ns.jingle)
  if (jingle?.attrs.action !== 'session-initiate') return undefined
  return jingle.getChild('content')?.getChild('description')?.getChild('file')?.getChildText('name') ?? undefined
}

interface Attendance {
  readonly into: string
  readonly received: Promise<ReceivedFile>[]
  readonly decide: ((file: ProposedFile) => true | string | Promise<true | string>) | undefined
}

function attend(t: TestContext, session: Session, { into, received, decide }: Attendance): void {
  answerDiscovery(session, {
    identities: [{ category: 'client', type: 'phone' }],
    features: new Set(decide ? receiverFeatures : []),
  })
  if (!decide) return
  const stop = startReceiver(
    {
      session,
      decide: (_peer, file) => decide(file),
      watch: () => () => {},
      onTransfer(_peer, done) {
        done.catch(() => {})
        received.push(done)
      },
    },
    { into, proxies: [] },
  )
  atEnd(t, stop)
}

describe('Round.run()', () => {
  it('hands all over that waits, the oldest first', async (t) => {
    const { put, round, records, received, outcomes, messages } = await setUp(t)
    const parcels = [put({ name: 'one' }), put({ name: 'two' }), put({ name: 'three', size: 0 })]
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 3 })
    const files = await Promise.all(received)
    assert.deepEqual(
      files.map(({ name, sha256 }) => [name, sha256]),
      parcels.map(({ name, sha256 }) => [name, sha256]),
    )
    assert.deepEqual(
      records.story,
      parcels.flatMap(({ id }) => [`attempt ${id}`, `delivered ${id}`]),
    )
    assert.deepEqual(outcomes(), ['delivered', 'delivered', 'delivered'])
    assert.deepEqual(messages, [])
    assert.deepEqual(await round(), { waits: 'empty', delivered: 0 })
  })

  it('continues after what has come already', async (t) => {
    let blocks = 0
    const { put, round, received, reads, records, outcomes } = await setUp(t, {
      // The third block of the first try is lost for good, and the phone leaves.
      tap: (stanza) => !stanza.getChild('data', ns.ibb) || ++blocks !== 3,
    })
    const parcel = put()
    const lost = new AbortController()
    const first = round(lost.signal)
    first.catch(() => {})
    while (blocks < 3) await turn()
    lost.abort(new Error('the component is lost'))
    await assert.rejects(first, /component is lost/)
    await assert.rejects(received[0] ?? Promise.resolve())

    assert.equal((await round()).delivered, 1)
    assert.deepEqual(reads, [0, 8_192])
    const file = await received[1]
    assert.ok(file)
    assert.equal(file.sha256, parcel.sha256)
    assert.equal((await readFile(file.path)).length, parcel.size)
    assert.deepEqual(outcomes(), ['delivered'])
    assert.equal((await records.find(parcel.id))?.attempts, 2)
  })

  it('sends the link to a resource that cannot, without an offer', async (t) => {
    const { put, round, messages, offered, records } = await setUp(t, { decisions: {} })
    const { id } = put()
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 0 })
    assert.deepEqual(offered, [])
    assert.deepEqual(
      messages.map(({ attrs }) => [attrs.to, attrs.id]),
      [[bob, `link-${id}`]],
    )
    assert.deepEqual(records.story, [`linked ${id}`])
    await round()
    assert.equal(messages.length, 1)
  })

  it('offers to the next resource when the best cannot', async (t) => {
    const { put, round, offered } = await setUp(t, { online: [desk, phone] })
    put({ name: 'one' })
    assert.equal((await round()).delivered, 1)
    assert.deepEqual(offered, [`one to ${phone}`])
  })

  it('sends the link when it is declined, and asks no other resource', async (t) => {
    const { put, round, offered, messages, records } = await setUp(t, {
      online: [phone, desk],
      decisions: { [phone]: () => 'not now', [desk]: () => true },
    })
    const { id } = put({ name: 'one' })
    await round()
    assert.deepEqual(offered, [`one to ${phone}`])
    assert.equal(messages.length, 1)
    assert.deepEqual(records.story, [`attempt ${id}`, `declined ${id}`, `linked ${id}`])
  })

  it('lets the other parcels be offered after a decline', async (t) => {
    const { put, round, messages } = await setUp(t, {
      decisions: { [phone]: ({ name }) => name === 'two' || 'not that' },
    })
    put({ name: 'one' })
    put({ name: 'two' })
    assert.equal((await round()).delivered, 1)
    assert.equal(messages.length, 1)
  })

  it('does not offer what was declined again where there are no links', async (t) => {
    const { put, round, offered, messages } = await setUp(t, {
      options: { delivery: 'stream' },
      decisions: { [phone]: () => 'not now' },
    })
    put()
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 0 })
    await round()
    assert.equal(offered.length, 1)
    assert.deepEqual(messages, [])
  })

  it('sends the link to one who thinks too long, and troubles him with no other offer', async (t) => {
    const { put, round, offered, messages, outcomes } = await setUp(t, {
      options: { deliveryAnswerMs: 50 },
      decisions: { [phone]: () => new Promise(() => {}) },
    })
    put()
    put()
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 0 })
    assert.equal(offered.length, 1)
    assert.equal(messages.length, 2)
    assert.deepEqual(outcomes(), ['unanswered'])
  })

  it('asks one who thinks too long again later where there are no links', async (t) => {
    const { put, round } = await setUp(t, {
      options: { delivery: 'stream', deliveryAnswerMs: 50 },
      decisions: { [phone]: () => new Promise(() => {}) },
    })
    put()
    assert.equal((await round()).waits, 'retry')
  })

  it('leaves a resource in peace for the round when a stream to it breaks, and sends the link in the end', async (t) => {
    const { put, round, blobs, offered, outcomes, messages } = await setUp(t)
    const { blob } = put({ name: 'one' })
    put({ name: 'two' })
    blobs.delete(blob)
    for (const attempt of [1, 2, 3]) {
      assert.deepEqual(await round(), { waits: 'retry', delivered: 0 })
      assert.equal(outcomes().length, attempt)
    }
    assert.deepEqual(outcomes(), ['broken', 'broken', 'broken'])
    assert.deepEqual(offered, Array(3).fill(`one to ${phone}`))
    // The link of the first, and now it is the second one’s turn.
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 1 })
    assert.equal(messages.length, 1)
  })

  it('breaks an offer off when its resource has left and another comes', async (t) => {
    const { put, round, presence, received, outcomes } = await setUp(t, {
      decisions: { [phone]: () => new Promise(() => {}), [desk]: () => true },
      tap(stanza) {
        if (offeredName(stanza) !== undefined && stanza.attrs.to === phone) {
          setImmediate(() => {
            presence.leave(phone)
            presence.arrive(desk)
          })
        }
        return true
      },
    })
    put()
    assert.equal((await round()).delivered, 1)
    assert.equal((await Promise.all(received)).length, 1)
    assert.deepEqual(outcomes(), ['broken', 'delivered'])
  })

  it('waits for one who agreed and is away', async (t) => {
    const { put, round, messages, presence } = await setUp(t, { online: [] })
    put()
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 0 })
    assert.deepEqual(messages, [])
    assert.deepEqual(presence.awaited, [bob])
  })

  it('sends the link to one who has not agreed, though he is there', async (t) => {
    const { put, round, messages, offered } = await setUp(t, { agreed: false })
    put()
    await round()
    assert.equal(messages.length, 1)
    assert.deepEqual(offered, [])
  })

  it('sends the link again that came back before it could be noted as sent', async (t) => {
    let returns = 1
    const { put, round, messages, records } = await setUp(t, {
      agreed: false,
      tap: () => {
        if (returns > 0) void records.noteUnlinked(parcel.id)
        returns -= 1
        return true
      },
    })
    const parcel = put()
    for (const _ of [1, 2, 3]) await round()
    assert.equal(messages.length, 2)
  })

  it('only sends the link where that is the policy, and asks nothing', async (t) => {
    const asked: string[] = []
    const { put, round, messages, presence } = await setUp(t, {
      options: { delivery: 'link' },
      tap: (stanza) => asked.push(stanza.name) > 0,
    })
    put()
    await round()
    assert.equal(messages.length, 1)
    assert.deepEqual(asked, ['message'])
    assert.deepEqual(presence.awaited, [])
  })

  it('comes back to what another holder of its lease may let go', async (t) => {
    const { put, round, records, offered } = await setUp(t)
    const { id } = put()
    await records.usurp(`parcel/${id}`)
    assert.deepEqual(await round(), { waits: 'retry', delivered: 0 })
    assert.deepEqual(offered, [])
  })

  it('says nothing of a delivery whose lease it has lost', async (t) => {
    const { put, round, records, outcomes, received } = await setUp(t, {
      decisions: {
        [phone]: async (): Promise<true> => {
          await records.usurp(`parcel/${parcel.id}`)
          return true
        },
      },
    })
    const parcel = put()
    assert.deepEqual(await round(), { waits: 'retry', delivered: 0 })
    await Promise.all(received)
    assert.deepEqual(outcomes(), [])
    assert.equal((await records.find(parcel.id))?.state, 'stored')
  })

  it('hands nothing over that has ended meanwhile', async (t) => {
    const { put, round, records, offered, presence } = await setUp(t)
    const { id } = put()
    t.mock.method(presence, 'await', () => records.end(id, 'deleted'))
    assert.deepEqual(await round(), { waits: 'quietly', delivered: 0 })
    assert.deepEqual(offered, [])
  })
})
