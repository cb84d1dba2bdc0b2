import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { storedParcel } from '../../../test/support/parcel-shelf.ts'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { ns } from '../../shared/xmpp/xml.ts'
import { linkMessage, parcelOfLinkMessage } from './link-message.ts'

const options = { componentDomain: 'courier.example.com', publicUrl: 'https://files.example.com' }
const parcel = storedParcel({
  id: 'PARCEL',
  linkKey: 'KEY',
  name: 'Käse & <Brot>.txt',
  mediaType: 'text/plain',
  size: 7,
  sha256: 'ff'.repeat(32),
  description: 'as we said',
  fileDate: '2025-12-24T18:00:00Z',
})
const url = 'https://files.example.com/KEY/K%C3%A4se%20%26%20_Brot_.txt'

describe('linkMessage()', () => {
  const message = parseStanza(linkMessage(parcel, options).toString())

  it('goes from the sender’s address to the bare JID of the recipient', () => {
    const { type, id, from, to } = message.attrs
    assert.deepEqual(
      { type, id, from, to },
      {
        type: 'chat',
        id: 'link-PARCEL',
        from: 'alice\\40example.com@courier.example.com/courier',
        to: 'bob@example.com',
      },
    )
  })

  it('has a body that is the URL and nothing else, and says the same out of band', () => {
    assert.equal(message.getChildText('body'), url)
    assert.equal(message.getChild('x', ns.oobMessage)?.getChildText('url'), url)
  })

  it('describes the file and where it is, with the body as what old clients show', () => {
    const sharing = message.getChild('file-sharing', ns.fileSharing)
    const file = sharing?.getChild('file', ns.fileMetadata)
    assert.equal(sharing?.attrs.disposition, 'attachment')
    const texts = ['media-type', 'name', 'date', 'size', 'desc'].map((name) => file?.getChildText(name))
    assert.deepEqual(texts, ['text/plain', 'Käse & _Brot_.txt', '2025-12-24T18:00:00Z', '7', 'as we said'])
    const hash = file?.getChild('hash', ns.hashes)
    assert.equal(hash?.attrs.algo, 'sha-256')
    assert.equal(hash.text(), Buffer.from('ff'.repeat(32), 'hex').toString('base64'))
    assert.equal(sharing?.getChild('sources')?.getChild('url-data', ns.urlData)?.attrs.target, url)
    const fallback = message.getChild('fallback', ns.fallback)
    assert.equal(fallback?.attrs.for, ns.fileSharing)
    assert.ok(fallback.getChild('body'))
  })

  it('tells who sent it, and when he did', () => {
    const delays = message.getChildren('delay', ns.delay)
    assert.deepEqual(
      delays.map(({ attrs: { from, stamp } }) => [from, stamp]),
      [['courier.example.com', '2026-01-01T10:00:00.000Z']],
    )
    const address = message.getChild('addresses', ns.addresses)?.getChild('address')
    assert.deepEqual([address?.attrs.type, address?.attrs.jid], ['ofrom', 'alice@example.com'])
  })

  it('is to be kept by the server, and asks for a receipt', () => {
    assert.ok(message.getChild('store', ns.hints))
    assert.ok(message.getChild('request', ns.receipts))
  })

  it('lets clients show pictures in the conversation', () => {
    const picture = linkMessage({ ...parcel, mediaType: 'image/png' }, options)
    assert.equal(picture.getChild('file-sharing', ns.fileSharing)?.attrs.disposition, 'inline')
  })
})

describe('parcelOfLinkMessage()', () => {
  it('is the parcel whose link the message gave', () => {
    assert.equal(parcelOfLinkMessage(String(linkMessage(parcel, options).attrs.id)), 'PARCEL')
  })

  it('is undefined for other messages', () => {
    assert.equal(parcelOfLinkMessage('PARCEL'), undefined)
  })
})
