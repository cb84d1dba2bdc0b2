import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorReply, readStanzaError, resultReply, StanzaError } from './stanza-error.ts'
import { ns, xml } from './xml.ts'

const iq = xml('iq', { type: 'set', id: 'a1', from: 'a@ex.com/R', to: 'p.ex.com' }, xml('query', { xmlns: 'urn:x' }))

describe('errorReply()', () => {
  it('turns the addresses round and keeps the id', () => {
    const { attrs } = errorReply(iq, { condition: 'item-not-found' })
    assert.deepEqual(attrs, { type: 'error', id: 'a1', from: 'p.ex.com', to: 'a@ex.com/R' })
  })

  it('gives a condition its usual type unless told another', () => {
    assert.equal(readStanzaError(errorReply(iq, { condition: 'forbidden' })).type, 'auth')
    assert.equal(readStanzaError(errorReply(iq, { condition: 'forbidden', type: 'cancel' })).type, 'cancel')
  })

  it('repeats the payload before the error', () => {
    const echo = xml('query', { xmlns: ns.bytestreams, sid: 's1' })
    const names = errorReply(iq, { condition: 'not-allowed' }, echo)
      .getChildElements()
      .map((child) => child.getName())
    assert.deepEqual(names, ['query', 'error'])
  })
})

describe('resultReply()', () => {
  it('is empty without a child', () => {
    assert.deepEqual(resultReply(iq).getChildElements(), [])
  })

  it('has no addresses the request did not have', () => {
    assert.deepEqual(resultReply(xml('iq', { type: 'get', id: '7' })).attrs, { type: 'result', id: '7' })
  })
})

describe('readStanzaError()', () => {
  it('reads what errorReply wrote', () => {
    const app = xml('no-valid-streams', { xmlns: ns.si })
    const error = readStanzaError(errorReply(iq, { condition: 'bad-request', type: 'cancel', text: 'None fits', app }))
    assert.ok(error instanceof StanzaError)
    assert.equal(error.condition, 'bad-request')
    assert.equal(error.type, 'cancel')
    assert.equal(error.text, 'None fits')
    assert.equal(error.app?.is('no-valid-streams', ns.si), true)
  })

  it('reads an unknown or missing condition as undefined-condition', () => {
    const unknown = xml('iq', { type: 'error' }, xml('error', { type: 'wait' }, xml('tea-time', { xmlns: ns.stanzas })))
    assert.equal(readStanzaError(unknown).condition, 'undefined-condition')
    assert.equal(readStanzaError(unknown).type, 'wait')
    assert.equal(readStanzaError(xml('iq', { type: 'error' })).condition, 'undefined-condition')
  })
})
