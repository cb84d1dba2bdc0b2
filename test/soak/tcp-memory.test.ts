import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resetForMemory } from './tcp-memory.ts'

describe('resetForMemory()', () => {
  it('finds the counter by its name', () => {
    const text = 'TcpExt: SyncookiesSent TCPAbortOnMemory TCPAbortOnLinger\nTcpExt: 1 23 4\nIpExt: InOctets\nIpExt: 5\n'
    assert.equal(
      resetForMemory(() => text),
      23,
    )
  })

  it('is 0 where nobody counts', () => {
    const missing = () => assert.fail('no such file')
    for (const read of [missing, () => '', () => 'TcpExt: SyncookiesSent\nTcpExt: 1\n']) {
      assert.equal(resetForMemory(read), 0)
    }
  })
})
