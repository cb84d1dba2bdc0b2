import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asFailure, Failure, messageOf } from './failure.ts'

describe('asFailure()', () => {
  it('leaves a failure as it is', () => {
    const failure = new Failure('taken', 'Both halves are here already')
    assert.equal(asFailure(failure, 'Cannot claim a slot'), failure)
  })

  it('calls anything else internal, and says what was tried', () => {
    const cause = new TypeError('x is not a function')
    const { code, message, cause: beneath } = asFailure(cause, 'Cannot claim a slot')
    assert.deepEqual([code, message], ['internal', 'Cannot claim a slot: x is not a function'])
    assert.equal(beneath, cause)
  })
})

describe('messageOf()', () => {
  it('is what an error says', () => assert.equal(messageOf(new Error('no route')), 'no route'))
  it('is what was thrown in place of an error', () => assert.equal(messageOf('no route'), 'no route'))
  it('is what each of several errors says', () => {
    const both = new AggregateError([new Error('::1 refuses'), new Error('127.0.0.1 refuses')])
    assert.equal(messageOf(both), '::1 refuses; 127.0.0.1 refuses')
  })
})
