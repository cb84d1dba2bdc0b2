import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startCourierHttp } from '../../../test/support/courier-http.ts'
import { openCourierStorage } from '../../../test/support/courier-storage.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, xml } from '../../shared/xmpp/xml.ts'
import { QuotaExceeded } from '../records/quota-exceeded.ts'
import { readSlot } from './slot-token.ts'

const storage = await openCourierStorage()
after(() => storage[Symbol.asyncDispose]())

const purposes = 'urn:xmpp:http:upload:purpose:0'

describe('slotAbility()', () => {
  let courier: Awaited<ReturnType<typeof startCourierHttp>>
  before(async () => {
    courier = await startCourierHttp(storage, { maxFileBytes: 1_000_000 })
  })
  after(() => courier[Symbol.asyncDispose]())

  async function refused(answer: Promise<Element>): Promise<StanzaError> {
    const error = await answer.then(
      (slot) => assert.fail(`a slot: ${slot}`),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof StanzaError, String(error))
    return error
  }

  it('says what it does, and how large a file may be', () => {
    assert.deepEqual(courier.ability.features, [
      'urn:xmpp:http:upload:0',
      ...['message', 'profile', 'ephemeral', 'permanent'].map((purpose) => `${purposes}#${purpose}`),
    ])
    assert.match(String(courier.ability.forms?.[0]), /<field var="max-file-size"><value>1000000<\/value><\/field>/)
  })

  it('gives one URL for PUT and GET, and a token in an Authorization header', async () => {
    const slot = await courier.askSlot({ filename: 'très cool.jpg', size: 23_456, 'content-type': 'image/jpeg' })
    const put = slot.getChild('put')
    const url = put && attribute(put, 'url')
    assert.match(url ?? '', /^https:\/\/files\.example\.com\/[\w-]{32}\/tr%C3%A8s%20cool\.jpg$/)
    assert.equal(slot.getChild('get')?.attrs.url, url)
    const [header, ...more] = put?.getChildElements() ?? []
    assert.deepEqual([header?.attrs.name, more.length], ['Authorization', 0])
    const grant = readSlot(header?.text().replace(/^Bearer /, '') ?? '', courier.options)
    assert.deepEqual([grant?.size, grant?.mediaType, grant?.linkKey], [23_456, 'image/jpeg', url?.split('/')[3]])
  })

  it('reserves the room before it answers, and leaves the parcel for the upload', async () => {
    const { path } = await courier.slot({ filename: 'a', size: 5 })
    const parcel = await courier.find(path)
    assert.deepEqual([parcel?.state, parcel?.size, parcel?.sender], ['receiving', 5, 'alice@example.com'])
    // Whoever has the token can go on at once.
    assert.ok(parcel && (await storage.records.take(`parcel/${parcel.id}`, { holder: 'uploader', forMs: 1_000 })))
  })

  for (const [fact, attributes] of [
    ['no filename', { size: 5 }],
    ['an empty filename', { filename: ' ', size: 5 }],
    ['a filename of 4 KB', { filename: 'x'.repeat(4096), size: 5 }],
    ['a filename with a line break', { filename: 'a\r\nb', size: 5 }],
    ['a filename with NUL', { filename: 'a\0b', size: 5 }],
    ['no size', { filename: 'a' }],
    ['size 0', { filename: 'a', size: 0 }],
    ['a size below 0', { filename: 'a', size: -1 }],
    ['a size with a fraction', { filename: 'a', size: '1.5' }],
    ['a size beyond what is exact', { filename: 'a', size: '9007199254740993' }],
    ['a size that is no number', { filename: 'a', size: 'NaN' }],
    ['a content-type that is none', { filename: 'a', size: 5, 'content-type': 'image' }],
    ['a content-type with another header in it', { filename: 'a', size: 5, 'content-type': 'image/png\r\nx: y' }],
  ] as const) {
    it(`answers bad-request to ${fact}`, async () => {
      const error = await refused(courier.askSlot(attributes))
      assert.deepEqual([error.condition, error.type], ['bad-request', 'modify'])
    })
  }

  it('says how large a file may be to whoever asks for more', async () => {
    const error = await refused(courier.askSlot({ filename: 'a', size: 1_000_001 }))
    assert.deepEqual([error.condition, error.type], ['not-acceptable', 'modify'])
    assert.ok(error.app?.is('file-too-large', 'urn:xmpp:http:upload:0'))
    assert.equal(error.app?.getChild('max-file-size')?.text(), '1000000')
  })

  it('refuses who may not send', async () => {
    const error = await refused(courier.askSlot({ filename: 'a', size: 5 }, { who: courier.stranger }))
    assert.deepEqual([error.condition, error.type], ['forbidden', 'auth'])
  })

  it('says when there is room again, where a quota can tell', async (t) => {
    const retryAt = new Date('2027-01-02T03:04:05.000Z')
    const accept = t.mock.method(courier.reception, 'accept')
    accept.mock.mockImplementationOnce(() =>
      Promise.reject(new QuotaExceeded('dailyBytesPerSender', 'Enough', retryAt)),
    )
    const timed = await refused(courier.askSlot({ filename: 'a', size: 5 }))
    assert.deepEqual([timed.condition, timed.type], ['resource-constraint', 'wait'])
    assert.ok(timed.app?.is('retry', 'urn:xmpp:http:upload:0'))
    assert.equal(timed.app?.attrs.stamp, '2027-01-02T03:04:05.000Z')
    accept.mock.mockImplementationOnce(() => Promise.reject(new QuotaExceeded('bytesPerSender', 'Enough')), 1)
    const untimed = await refused(courier.askSlot({ filename: 'a', size: 5 }))
    assert.deepEqual([untimed.condition, untimed.app], ['resource-constraint', undefined])
    assert.deepEqual(courier.answers.slice(-2), ['resource-constraint', 'resource-constraint'])
  })

  it('keeps an ephemeral upload until its time, and no longer', async () => {
    const expiry = new Date(Date.now() + 3_600_000)
    const purpose = xml('ephemeral', { xmlns: purposes, 'expire-before': expiry.toISOString() })
    const { path } = await courier.slot({ filename: 'a', size: 5 }, purpose)
    const parcel = await courier.find(path)
    assert.deepEqual(parcel?.expiresAt, expiry)
  })

  for (const name of ['message', 'profile', 'permanent']) {
    it(`takes an upload for ${name}`, async () => {
      await courier.slot({ filename: 'a', size: 5 }, xml(name, { xmlns: purposes }))
    })
  }

  for (const expireBefore of [
    undefined,
    '',
    'tomorrow',
    '2020-01-01T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-01-01',
  ]) {
    it(`answers bad-request to an ephemeral upload until ${expireBefore}`, async () => {
      const purpose = xml('ephemeral', { xmlns: purposes, 'expire-before': expireBefore })
      const error = await refused(courier.askSlot({ filename: 'a', size: 5 }, { purpose }))
      assert.equal(error.condition, 'bad-request')
    })
  }
})
