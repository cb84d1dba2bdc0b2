import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { status as Status } from '@grpc/grpc-js'
import { Failure } from '../../shared/bytestream/failure.ts'
import { fromStatus } from '../../shared/rpc/status.ts'
import { explain } from './control.ts'

const asked = { address: 'control:6502', hasToken: false, hasIdentity: false }

function explained(code: Status, details: string, given: Partial<typeof asked> = {}): Failure {
  const failure = explain(fromStatus({ code, details }, 'Cannot listRelays'), { ...asked, ...given })
  assert.ok(failure instanceof Failure)
  return failure
}

describe('explain()', () => {
  it('says what to do where control wants a token, or another one', () => {
    const without = explained(Status.UNAUTHENTICATED, 'x')
    assert.deepEqual([without.code, /wants its token: give --token-file/.test(without.message)], ['forbidden', true])
    assert.match(explained(Status.UNAUTHENTICATED, 'x', { hasToken: true }).message, /does not know this token/)
  })

  it('says what to look at where nobody answers', () => {
    for (const code of [Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED]) {
      const { code: found, message } = explained(code, 'No connection established. Resolution note: ')
      assert.equal(found, 'unavailable')
      assert.match(message, /^Cannot reach control at control:6502: No connection established\. Does it run there/)
    }
    assert.match(explained(Status.UNAVAILABLE, 'x').message, /does it want TLS/)
    assert.match(explained(Status.UNAVAILABLE, 'x', { hasIdentity: true }).message, /does it serve TLS/)
  })

  it('gives what control says as control says it', () => {
    const relay = explained(Status.UNAVAILABLE, 'Cannot drain at relay-0:6500: No connection established')
    assert.deepEqual(
      [relay.code, relay.message],
      ['unavailable', 'Cannot drain at relay-0:6500: No connection established'],
    )
    assert.equal(explained(Status.NOT_FOUND, 'No relay is called x').message, 'No relay is called x')
  })

  it('leaves a fault of the program alone', () => {
    const fault = new TypeError('x')
    assert.equal(explain(fault, asked), fault)
  })
})
