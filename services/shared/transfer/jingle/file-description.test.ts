import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../../../../test/support/parse-stanza.ts'
import { ns, xml } from '../../xmpp/xml.ts'
import { formatChecksum, formatDescription, parseChecksum, parseDescription } from './file-description.ts'

const sha256 = 'ab'.repeat(32)
const content = { creator: 'initiator', name: 'file' } as const
const file = (...children: Parameters<typeof xml>[2][]) =>
  xml('description', { xmlns: ns.jingleFile }, xml('file', {}, ...children))

describe('parseDescription()', () => {
  it('reads what formatDescription() wrote', () => {
    for (const described of [
      { name: 'Käse & Brot.txt', size: 0, mediaType: 'text/plain', date: '2026-01-02T03:04:05Z', description: 'yes' },
      { size: 10, sha256, range: { offset: 0 } },
      { size: 10, sumFollows: true, range: { offset: 3, length: 7 } },
    ]) {
      assert.deepEqual(parseDescription(parseStanza(formatDescription(described).toString())), described)
    }
  })

  it('reads the example of XEP-0234', () => {
    const description = parseStanza(`<description xmlns='${ns.jingleFile}'><file>
        <date>1969-07-21T02:56:15Z</date><desc>This is a test.</desc><media-type>text/plain</media-type>
        <name>test.txt</name><range/><size>6144</size>
        <hash xmlns='urn:xmpp:hashes:2' algo='sha-1'>w0mcJylzCn+AfvuGdqkty2+KP48=</hash>
      </file></description>`)
    assert.deepEqual(parseDescription(description), {
      name: 'test.txt',
      size: 6144,
      mediaType: 'text/plain',
      date: '1969-07-21T02:56:15Z',
      description: 'This is a test.',
      range: { offset: 0 },
    })
  })

  it('is not for other descriptions, nor for numbers that are none', () => {
    assert.equal(parseDescription(xml('description', { xmlns: 'urn:xmpp:jingle:apps:rtp:1' })), undefined)
    assert.equal(parseDescription(xml('description', { xmlns: ns.jingleFile })), undefined)
    assert.equal(parseDescription(file(xml('size', {}, '-1'))), undefined)
    assert.equal(parseDescription(file(xml('range', { offset: 'x' }))), undefined)
    assert.equal(parseDescription(file(xml('range', { length: '1.5' }))), undefined)
  })

  it('takes no sum that is none', () => {
    const hash = (text: string) => xml('hash', { xmlns: ns.hashes, algo: 'sha-256' }, text)
    assert.equal(parseDescription(file(hash('AAAA')))?.sha256, undefined)
    assert.equal(parseDescription(file(hash('not base64')))?.sha256, undefined)
  })
})

describe('parseChecksum()', () => {
  it('reads what formatChecksum() wrote, and nothing else', () => {
    assert.equal(parseChecksum(parseStanza(formatChecksum(content, sha256).toString())), sha256)
    assert.equal(parseChecksum(xml('received', { xmlns: ns.jingleFile })), undefined)
  })
})
