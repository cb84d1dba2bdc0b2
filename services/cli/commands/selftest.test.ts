import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verdicts } from './selftest.ts'

const streamhost = { name: '', host: 'proxy.example.test', port: 7777, passed: true, reason: '', seconds: 0.1234 }

describe('verdicts()', () => {
  it('has a line for the component, each address and each relay', () => {
    const lines = verdicts({
      passed: false,
      component: 'standby',
      streamhosts: [
        { ...streamhost, relays: ['r0', 'r1'] },
        { ...streamhost, name: 'alt', passed: false, reason: 'refused: nobody\x1b[2J', relays: [] },
      ],
      relays: [
        { name: 'r0', passed: true, reason: '' },
        { name: 'r2', passed: false, reason: 'no bytes' },
      ],
    })
    assert.deepEqual(lines, [
      'ok      component standby',
      'ok      streamhost shared at proxy.example.test:7777 in 0.12 s by r0, r1',
      'failed  streamhost alt at proxy.example.test:7777: refused: nobody�[2J',
      'ok      relay r0',
      'failed  relay r2: no bytes',
    ])
  })

  it('holds a component that the server has not accepted against it', () => {
    const [line] = verdicts({ passed: false, component: 'connecting', streamhosts: [], relays: [] })
    assert.match(line ?? '', /^failed {2}component connecting: the XMPP server has not accepted it/)
  })
})
