import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { xml } from '../xmpp/xml.ts'
import { bytestreamsQuery, describeStreamhost, formatStreamhost, parseStreamhosts } from './streamhost.ts'

describe('parseStreamhosts()', () => {
  it('reads what formatStreamhost wrote, in order', () => {
    const hosts = [
      { jid: 'proxy.ex.com', host: 'relay.ex.com', port: 7777 },
      { jid: 'a@ex.com/R', host: '2001:db8::1', port: 5086 },
    ]
    assert.deepEqual(parseStreamhosts(bytestreamsQuery('s', ...hosts.map(formatStreamhost))), hosts)
  })

  it('takes port 1080 where none is given', () => {
    const query = bytestreamsQuery('s', xml('streamhost', { jid: 'p', host: 'h' }))
    assert.deepEqual(parseStreamhosts(query), [{ jid: 'p', host: 'h', port: 1080 }])
  })

  it('leaves out those that nobody could dial', () => {
    const bad = [
      { host: 'h' },
      { jid: 'p' },
      { jid: 'p', host: ' ' },
      ...['0', '65536', '1e3', '-1', '', 'x'].map((port) => ({ jid: 'p', host: 'h', port })),
    ]
    assert.deepEqual(
      parseStreamhosts(bytestreamsQuery('s', ...bad.map((attributes) => xml('streamhost', attributes)))),
      [],
    )
  })
})

describe('describeStreamhost()', () => {
  it('puts an IPv6 address in brackets', () => {
    assert.equal(describeStreamhost({ jid: 'p', host: '::1', port: 1 }), 'p ([::1]:1)')
  })
})
