import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linkSessions } from '../../../test/support/linked-sessions.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { bytestreamsQuery, formatStreamhost, type Streamhost } from '../../shared/transfer/streamhost.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { ns } from '../../shared/xmpp/xml.ts'
import { OwnProxies } from './own-proxies.ts'

const shared: Streamhost = { jid: 'proxy.ex.com', host: 'relay.ex.com', port: 7777 }
const ofPod: Streamhost = { jid: 'proxy.ex.com/pod-0', host: '192.0.2.1', port: 7777 }

function setUp() {
  const [courier, proxy] = linkSessions(['courier.ex.com', 'proxy.ex.com'])
  const clock = new ManualClock()
  const silent: string[] = []
  const state = { asked: 0, fails: false, streamhosts: [ofPod, shared] }
  proxy.onIq({ type: 'get', name: 'query', namespace: ns.bytestreams }, () => {
    state.asked += 1
    if (state.fails) throw new StanzaError({ condition: 'not-allowed' })
    return bytestreamsQuery(undefined, ...state.streamhosts.map(formatStreamhost))
  })
  const events = { proxySilent: (name: string) => silent.push(name) }
  const proxies = new OwnProxies({ session: courier, clock, events }, { proxies: ['proxy.ex.com'] })
  return { choose: proxies.choose, clock, state, silent }
}

describe('OwnProxies.choose()', () => {
  it('keeps the addresses that the proxy itself tells, in the order of the offer', async () => {
    const { choose } = setUp()
    assert.deepEqual(await choose([shared, ofPod]), [shared, ofPod])
  })

  for (const [fact, streamhost] of [
    ['of the client itself', { jid: 'alice@ex.com/phone', host: '192.0.2.1', port: 7777 }],
    ['of another proxy', { jid: 'proxy.ex.net', host: 'relay.ex.com', port: 7777 }],
    ['that only pretends to be of the proxy', { ...shared, host: '127.0.0.1' }],
    ['of another port', { ...shared, port: 22 }],
    ['whose JID is none', { ...shared, jid: '@' }],
  ] as const) {
    it(`leaves out an address ${fact}`, async () => {
      const { choose } = setUp()
      assert.deepEqual(await choose([streamhost]), [])
    })
  }

  it('asks nobody about streamhosts that are not ours', async () => {
    const { choose, state } = setUp()
    await choose([{ jid: 'alice@ex.com/phone', host: '192.0.2.1', port: 7777 }])
    assert.equal(state.asked, 0)
  })

  it('asks again after a minute', async () => {
    const { choose, clock, state } = setUp()
    await choose([shared, ofPod])
    await choose([shared])
    assert.equal(state.asked, 1)
    clock.advance(60_000)
    state.streamhosts = [shared]
    assert.deepEqual(await choose([shared, ofPod]), [shared])
    assert.equal(state.asked, 2)
  })

  it('does without a proxy that does not tell, and asks it the next time', async () => {
    const { choose, state, silent } = setUp()
    state.fails = true
    assert.deepEqual(await choose([shared]), [])
    assert.deepEqual(silent, ['proxy.ex.com'])
    state.fails = false
    assert.deepEqual(await choose([shared]), [shared])
  })
})
