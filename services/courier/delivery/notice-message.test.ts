import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { storedParcel } from '../../../test/support/parcel-shelf.ts'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { parseParcelNotice } from '../../shared/transfer/parcel-notice.ts'
import { ns } from '../../shared/xmpp/xml.ts'
import { type NoticeKind, noticeKinds, type Parcel } from '../parcels/parcel.ts'
import { noticeMessage } from './notice-message.ts'

function messageOf(kind: NoticeKind, given: Partial<Parcel> = {}) {
  const parcel = storedParcel({ id: 'PARCEL', size: 1_572_864, ...given })
  return parseStanza(noticeMessage({ id: 'NOTICE', kind, to: parcel.sender, parcel }, 'courier.example.com').toString())
}

describe('noticeMessage()', () => {
  it('goes from the recipient’s address to the sender, with the id of the notice', () => {
    const { type, id, from, to } = messageOf('stored').attrs
    assert.deepEqual(
      { type, id, from, to },
      { type: 'chat', id: 'NOTICE', from: 'bob\\40example.com@courier.example.com/courier', to: 'alice@example.com' },
    )
  })

  it('says to people what is stored, for whom and until when', () => {
    assert.equal(
      messageOf('stored').getChildText('body'),
      '“report.pdf” (1.5 MiB) is stored for bob@example.com. It is handed over when bob@example.com comes, until 2026-01-15 10:00 UTC at the latest.',
    )
  })

  for (const kind of noticeKinds) {
    it(`says to people and to programs that a file is ${kind}`, () => {
      const message = messageOf(kind, { sid: 'S1' })
      assert.match(
        message.getChildText('body') ?? '',
        /“report\.pdf” \(1\.5 MiB\).*bob@example\.com|bob@example\.com.*“report\.pdf”/,
      )
      assert.deepEqual(parseParcelNotice(message), {
        id: 'PARCEL',
        state: kind,
        sid: 'S1',
        name: 'report.pdf',
        size: 1_572_864,
        sha256: '00'.repeat(32),
        expires: '2026-01-15T10:00:00.000Z',
      })
      assert.ok(message.getChild('store', ns.hints))
    })
  }

  it('shows no name that would turn the text around', () => {
    const body = messageOf('delivered', { name: 'a\u202etxt.exe' }).getChildText('body')
    assert.equal(body, '“atxt.exe” (1.5 MiB) was delivered to bob@example.com.')
  })

  it('is the receipt of an offer that asked for one, when it was delivered', () => {
    const asked = { sid: 'S1', receipt: true }
    assert.equal(messageOf('delivered', asked).getChild('received', ns.receipts)?.attrs.id, 'S1')
    assert.equal(messageOf('stored', asked).getChild('received', ns.receipts), undefined)
    assert.equal(messageOf('delivered', { sid: 'S1' }).getChild('received', ns.receipts), undefined)
  })
})

describe('parseParcelNotice()', () => {
  it('is undefined where there is none, or not all of it', () => {
    assert.equal(parseParcelNotice(parseStanza('<message/>')), undefined)
    const incomplete = `<message><parcel xmlns='${ns.courier}' id='1' state='stored' name='a' size='-1' expires='x'/></message>`
    assert.equal(parseParcelNotice(parseStanza(incomplete)), undefined)
  })

  it('does without a SID and a sum', () => {
    const text = `<message><parcel xmlns='${ns.courier}' id='1' state='expired' name='' size='0' expires='x'/></message>`
    assert.deepEqual(parseParcelNotice(parseStanza(text)), {
      id: '1',
      state: 'expired',
      name: '',
      size: 0,
      expires: 'x',
    })
  })
})
