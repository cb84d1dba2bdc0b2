import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseRelay } from './records.ts'
import type { RelayRecord } from './registry.ts'
import { sealFaultOf, sealRelay } from './relay-seal.ts'

const token = 'a token of tests only'
const nowMs = Date.UTC(2030, 0, 1)
const minuteMs = 60_000

const relay: RelayRecord = {
  name: 'relay-0',
  rpcAddress: '10.0.0.1:6500',
  streamhost: { host: '203.0.113.1', port: 7777 },
  load: 3,
  draining: false,
  version: '1.2.3',
}

describe('sealRelay()', () => {
  it('makes a record that is believed after a round through the registry', () => {
    const { streamhost, ...without } = relay
    for (const record of [relay, without]) {
      const read = parseRelay(JSON.stringify(sealRelay(record, token, nowMs)))
      assert.ok(read)
      assert.equal(sealFaultOf(read, token, nowMs + 10_000), undefined)
    }
  })

  it('covers the name and both addresses, and what a relay says of its load is its own affair', () => {
    const sealed = sealRelay(relay, token, nowMs)
    const { streamhost, ...without } = sealed
    const forgeries: RelayRecord[] = [
      { ...sealed, name: 'relay-1' },
      { ...sealed, rpcAddress: '169.254.169.254:80' },
      { ...sealed, streamhost: { host: '203.0.113.9', port: 7777 } },
      { ...sealed, streamhost: { host: '203.0.113.1', port: 7778 } },
      without,
      { ...sealed, seal: { atMs: nowMs + 1, mac: sealed.seal?.mac ?? '' } },
      { ...sealed, seal: { atMs: nowMs, mac: '' } },
      sealRelay(relay, 'a token of somebody else', nowMs),
    ]
    for (const forgery of forgeries) {
      assert.equal(sealFaultOf(forgery, token, nowMs), 'forged', JSON.stringify(forgery))
    }
    assert.equal(sealFaultOf({ ...sealed, load: 0, waiting: 9, draining: true }, token, nowMs), undefined)
  })

  it('lets clocks differ by ten minutes, and an old record not come back for long', () => {
    const sealed = sealRelay(relay, token, nowMs)
    for (const minutes of [-10, 10]) assert.equal(sealFaultOf(sealed, token, nowMs + minutes * minuteMs), undefined)
    for (const minutes of [-16, 16]) assert.equal(sealFaultOf(sealed, token, nowMs + minutes * minuteMs), 'stale')
  })

  it('uses the token that is shown, and believes each that is accepted', () => {
    const sealed = sealRelay(relay, `${token}\nthe next token of tests`, nowMs)
    assert.equal(sealFaultOf(sealed, `the next token of tests\n${token}`, nowMs), undefined)
    assert.equal(sealFaultOf(sealed, 'the next token of tests', nowMs), 'forged')
  })

  it('is not needed where there is no token to be learned', () => {
    assert.equal(sealRelay(relay, undefined, nowMs), relay)
    assert.equal(sealFaultOf(relay, undefined, nowMs), undefined)
    assert.equal(sealFaultOf(relay, token, nowMs), 'unsealed')
  })
})
