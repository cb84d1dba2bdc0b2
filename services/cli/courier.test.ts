import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJid } from '../shared/bytestream/jid.ts'
import { createSession } from '../shared/xmpp/session.ts'
import { type Element, xml } from '../shared/xmpp/xml.ts'
import { addressAt, agreeWithCourier, originOf } from './courier.ts'

describe('addressAt()', () => {
  it('is a full JID, because files are offered to such only', () => {
    assert.equal(addressAt('courier.ex.com', 'bob@ex.com'), 'bob\\40ex.com@courier.ex.com/courier')
  })
})

describe('originOf()', () => {
  it('is the user behind an address at the courier', () => {
    assert.equal(originOf('alice\\40ex.com@courier.ex.com/courier', 'courier.ex.com'), 'alice@ex.com')
  })

  it('is the peer itself everywhere else', () => {
    assert.equal(
      originOf('alice\\40ex.com@elsewhere.ex.com/courier', 'courier.ex.com'),
      'alice\\40ex.com@elsewhere.ex.com',
    )
    assert.equal(originOf('alice@ex.com/phone', undefined), 'alice@ex.com')
    assert.equal(originOf('courier.ex.com/courier', 'courier.ex.com'), 'courier.ex.com')
  })
})

describe('agreeWithCourier()', () => {
  it('agrees to what was asked before, shows itself, and agrees when it is asked, by nobody else', async () => {
    const sent: string[] = []
    const port = createSession({
      jid: () => parseJid('bob@ex.com/cli'),
      send: async (stanza: Element) => void sent.push(`${stanza.attrs.type ?? 'available'} ${stanza.attrs.to}`),
    })
    const stop = await agreeWithCourier(port.session, 'courier.ex.com')
    for (const from of ['courier.ex.com', 'eve@ex.com', 'eve\\40ex.com@courier.ex.com']) {
      await port.receive(xml('presence', { type: 'subscribe', from }))
    }
    await port.receive(xml('presence', { from: 'courier.ex.com' }))
    assert.deepEqual(sent, ['subscribed courier.ex.com', 'available courier.ex.com', 'subscribed courier.ex.com'])
    stop()
    await port.receive(xml('presence', { type: 'subscribe', from: 'courier.ex.com' }))
    assert.equal(sent.length, 3)
  })
})
