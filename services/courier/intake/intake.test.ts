import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryReception } from '../../../test/support/memory-reception.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { createAdmission } from '../../shared/component/admission.ts'
import type { IncomingOffer } from '../../shared/transfer/offer-receiver.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { addressOf } from '../addresses/address.ts'
import { QuotaExceeded } from '../records/quota-exceeded.ts'
import { Intake } from './intake.ts'

const componentDomain = 'courier.ex.com'

function setUp() {
  const reception = createMemoryReception()
  const told: unknown[] = []
  const admission = (deny: readonly string[]) => createAdmission({ componentDomain, allow: [], deny })
  const intake = new Intake(
    {
      reception,
      admits: { sender: admission(['mallory@ex.com']), recipient: admission(['nobody@ex.com']) },
      events: {
        offerAnswered: (outcome) => told.push(outcome),
        bytesTaken: (bytes) => told.push(bytes),
        intakeEnded: (parcel, outcome) => told.push(`${parcel.id} ${outcome}`),
        intakeFailed: (error) => told.push(error),
      },
    },
    { maxFileBytes: 1_000, transfersPerSender: 2 },
  )
  return { intake, reception, told }
}

interface Changes {
  readonly peer?: string
  readonly recipient?: string
  readonly file?: Partial<IncomingOffer['file']>
}

const offerOf = ({ peer = 'alice@ex.com/phone', recipient = 'bob@ex.com', file }: Changes = {}): IncomingOffer => ({
  peer,
  to: addressOf(recipient, componentDomain),
  sid: 's1',
  file: { name: 'a.txt', size: 3, ranges: true, ...file },
})

const answers = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof StanzaError, String(error))
  assert.equal(`${error.condition} ${error.type}`, expected)
  return true
}

describe('Intake.takeIn()', () => {
  it('takes a file in as a parcel of its sender for whom the address stands for', async () => {
    const { intake, reception, told } = setUp()
    const incoming = await intake.takeIn(offerOf({ file: { mediaType: 'text/plain', description: 'lunch' } }), {
      resume: true,
    })
    await incoming.write(Buffer.from('abc'))
    await incoming.finish()
    const { identity, ...draft } = reception.drafts[0] ?? assert.fail()
    assert.deepEqual(draft, {
      sender: 'alice@ex.com',
      recipient: 'bob@ex.com',
      name: 'a.txt',
      size: 3,
      mediaType: 'text/plain',
      description: 'lunch',
      sid: 's1',
    })
    assert.notEqual(identity, '')
    assert.deepEqual(told, ['accepted', 3, 'parcel-1 stored'])
  })

  it('tells the same file for two recipients apart, and knows a repeated offer', async () => {
    const { intake, reception } = setUp()
    for (const recipient of ['bob@ex.com', 'carol@ex.com', 'bob@ex.com']) {
      await (await intake.takeIn(offerOf({ recipient }), { resume: true })).discard()
    }
    const [first, second, third] = reception.drafts.map(({ identity }) => identity)
    assert.notEqual(first, second)
    assert.equal(first, third)
  })

  for (const [fact, changes, expected] of [
    ['who is denied', { peer: 'mallory@ex.com/x' }, 'forbidden cancel'],
    ['who is of another domain', { peer: 'alice@ex.net/x' }, 'forbidden cancel'],
    ['a recipient for whom nothing is kept', { recipient: 'bob@ex.net' }, 'forbidden cancel'],
    ['a file that is too large', { file: { size: 1_001 } }, 'not-acceptable modify'],
    ['a name that is too long', { file: { name: 'x'.repeat(1_025) } }, 'not-acceptable modify'],
    ['a description that is too long', { file: { description: 'x'.repeat(4_097) } }, 'not-acceptable modify'],
  ] as const) {
    it(`refuses ${fact}`, async () => {
      const { intake, reception, told } = setUp()
      assert.throws(() => intake.admit(offerOf(changes)), answers(expected))
      await assert.rejects(intake.takeIn(offerOf(changes), { resume: true }), answers(expected))
      assert.deepEqual(reception.drafts, [])
      const condition = expected.split(' ')[0]
      assert.deepEqual(told, [condition, condition])
    })
  }

  it('refuses an address that stands for nobody', async () => {
    const { intake } = setUp()
    const offer = { ...offerOf(), to: { local: 'bob', domain: componentDomain, resource: 'courier' } }
    assert.throws(() => intake.admit(offer), answers('item-not-found cancel'))
  })

  it('says when there is room again', async () => {
    const { intake, reception } = setUp()
    const retryAt = new Date(Date.UTC(2026, 0, 2))
    reception.refuseNext(new QuotaExceeded('dailyBytesPerSender', 'You have sent enough today', retryAt))
    await assert.rejects(intake.takeIn(offerOf(), { resume: true }), (error) => {
      answers('resource-constraint wait')(error)
      assert.ok(error instanceof StanzaError)
      assert.equal(error.text, 'You have sent enough today; try again after 2026-01-02T00:00:00.000Z')
      return true
    })
  })

  for (const [fact, error, expected] of [
    ['a file that is coming already', new Failure('taken', 'x'), 'resource-constraint wait'],
    ['a store that is full', new Failure('over-limit', 'x'), 'resource-constraint wait'],
    ['a store that cannot be reached', new Failure('unavailable', 'secret'), 'internal-server-error wait'],
    ['a bug', new TypeError('secret'), 'internal-server-error cancel'],
  ] as const) {
    it(`answers ${fact} with ${expected}`, async () => {
      const { intake, reception, told } = setUp()
      reception.refuseNext(error)
      await assert.rejects(intake.takeIn(offerOf(), { resume: true }), (refusal) => {
        answers(expected)(refusal)
        assert.ok(!String(refusal).includes('secret'))
        return true
      })
      assert.equal(told.includes(error), expected.startsWith('internal'))
    })
  }

  it('takes so many files of one sender at once, and another when one has ended', async () => {
    const { intake } = setUp()
    const take = (name: string, peer?: string) =>
      intake.takeIn(offerOf({ file: { name }, ...(peer && { peer }) }), { resume: true })
    const first = await take('1')
    const second = await take('2')
    await assert.rejects(take('3', 'alice@ex.com/tablet'), answers('resource-constraint wait'))
    await take('3', 'carol@ex.com/phone')
    await assert.rejects(first.finish(), { code: 'unavailable' })
    await assert.rejects(take('3'), answers('resource-constraint wait'))
    await first.keep()
    await second.discard()
    await take('3')
    await take('4')
    await assert.rejects(take('5'), answers('resource-constraint wait'))
  })
})
