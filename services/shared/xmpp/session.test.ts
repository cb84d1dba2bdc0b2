import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linkSessions } from '../../../test/support/linked-sessions.ts'
import { Failure } from '../bytestream/failure.ts'
import { parseJid } from '../bytestream/jid.ts'
import { createSession, notMine } from './session.ts'
import { StanzaError } from './stanza-error.ts'
import { type Element, xml } from './xml.ts'

const ask = (to: string, ...children: Element[]) => xml('iq', { type: 'get', to }, children)
const query = () => xml('query', { xmlns: 'urn:q' })

describe('Session.request()', () => {
  it('resolves with the result of the handler at the other end', async () => {
    const [a, b] = linkSessions(['a@ex.com/R', 'b@ex.org/T'])
    b.onIq({ name: 'query', namespace: 'urn:q' }, (_, iq) => xml('query', { xmlns: 'urn:q', for: iq.attrs.from }))
    const result = await a.request(ask('b@ex.org/T', query()))
    assert.equal(result.getChild('query', 'urn:q')?.attrs.for, 'a@ex.com/R')
  })

  it('throws the stanza error that was answered', async () => {
    const [a, b] = linkSessions(['a@ex.com/R', 'b@ex.org/T'])
    b.onIq({ name: 'query', namespace: 'urn:q' }, () => {
      throw new StanzaError({ condition: 'not-acceptable', text: 'not today' })
    })
    await assert.rejects(
      a.request(ask('b@ex.org/T', query())),
      (error) => error instanceof StanzaError && error.condition === 'not-acceptable' && error.text === 'not today',
    )
  })

  it('throws unavailable when no answer comes in time', async () => {
    const [a] = linkSessions(['a@ex.com/R', 'b@ex.org/T'], (stanza) => stanza.attrs.type !== 'error')
    await assert.rejects(
      a.request(ask('b@ex.org/T', query()), { timeoutMs: 1 }),
      (error) => error instanceof Failure && error.code === 'unavailable',
    )
  })

  it('ends at once when its signal aborts', async () => {
    const [a] = linkSessions(['a@ex.com/R'], () => false)
    const controller = new AbortController()
    const request = a.request(ask('b@ex.org/T', query()), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(request, /enough/)
  })

  it('ends when the connection ends', async () => {
    const port = createSession({ jid: () => parseJid('a@ex.com/R'), send: async () => {} })
    const request = port.session.request(ask('b@ex.org/T', query()))
    port.end(new Error('socket closed'))
    await assert.rejects(request, (error) => error instanceof Failure && error.code === 'unavailable')
  })
})

describe('SessionPort.receive()', () => {
  const open = () => createSession({ jid: () => parseJid('a@ex.com/R'), send: async () => {} })
  const condition = (reply: Element | undefined) => reply?.getChild('error')?.getChildElements()[0]?.getName()
  const incoming = (...children: Element[]) => xml('iq', { type: 'set', id: '1', from: 'x@y/z' }, children)

  it('answers service-unavailable to what nobody handles', async () => {
    assert.equal(condition(await open().receive(incoming(query()))), 'service-unavailable')
  })

  it('answers bad-request to no payload and to two', async () => {
    assert.equal(condition(await open().receive(incoming())), 'bad-request')
    assert.equal(condition(await open().receive(incoming(query(), query()))), 'bad-request')
  })

  it('answers nothing to results, errors, messages and presence', async () => {
    for (const stanza of ['result', 'error'].map((type) => xml('iq', { type, id: '1' }))) {
      assert.equal(await open().receive(stanza), undefined)
    }
    assert.equal(await open().receive(xml('message')), undefined)
    assert.equal(await open().receive(xml('presence')), undefined)
  })

  it('lets a handler leave a request to the one before it', async () => {
    const port = open()
    port.session.onIq({ name: 'query', namespace: 'urn:q' }, () => undefined)
    port.session.onIq({ name: 'query', namespace: 'urn:q' }, () => notMine)
    assert.equal((await port.receive(incoming(query())))?.attrs.type, 'result')
  })

  it('routes by type where the route has one', async () => {
    const port = open()
    port.session.onIq({ type: 'get', name: 'query', namespace: 'urn:q' }, () => undefined)
    assert.equal(condition(await port.receive(incoming(query()))), 'service-unavailable')
  })

  it('answers internal-server-error when a handler breaks, and tells', async () => {
    const faults: unknown[] = []
    const port = createSession({
      jid: () => parseJid('a@ex.com/R'),
      send: async () => {},
      onFault: (e) => faults.push(e),
    })
    port.session.onIq({ name: 'query', namespace: 'urn:q' }, () => {
      throw new TypeError('broken')
    })
    assert.equal(condition(await port.receive(incoming(query()))), 'internal-server-error')
    assert.equal(faults.length, 1)
  })
})
