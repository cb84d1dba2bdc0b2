import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nominate } from './nomination.ts'
import type { Candidate } from './socks-transport.ts'

const candidate = (cid: string, priority: number): Candidate => ({
  cid,
  priority,
  type: 'direct',
  jid: 'a@ex.com/R',
  host: '192.0.2.1',
  port: 1080,
})
const low = candidate('low', 1)
const high = candidate('high', 2)

describe('nominate()', () => {
  it('takes the only one that was joined, whoever joined it', () => {
    assert.deepEqual(nominate('initiator', low, undefined), { candidate: low, owner: 'peer' })
    assert.deepEqual(nominate('responder', undefined, low), { candidate: low, owner: 'us' })
    assert.equal(nominate('initiator', undefined, undefined), undefined)
  })

  it('takes the higher priority', () => {
    for (const role of ['initiator', 'responder'] as const) {
      assert.deepEqual(nominate(role, low, high), { candidate: high, owner: 'us' })
      assert.deepEqual(nominate(role, high, low), { candidate: high, owner: 'peer' })
    }
  })

  it('takes what the initiator joined of two that are equal, at both ends', () => {
    const [byInitiator, byResponder] = [candidate('a', 7), candidate('b', 7)]
    assert.equal(nominate('initiator', byInitiator, byResponder)?.candidate, byInitiator)
    assert.equal(nominate('responder', byResponder, byInitiator)?.candidate, byInitiator)
  })
})
