import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fleetBytestream } from '../../../test/support/fleet-records.ts'
import { Failure } from '../../shared/bytestream/failure.ts'
import { oneOf } from './end.ts'

const bytestreams = ['0123456789abcdef', '0123ffffffffffff', 'aaaaaaaaaaaaaaaa'].map((id) => fleetBytestream(id))
const notFound = (says: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === 'not-found' && says.test(error.message)

describe('oneOf()', () => {
  it('knows a bytestream by as much of its id as no other has', () => {
    assert.equal(oneOf({ bytestreams, unanswered: [] }, '01234').id, '0123456789abcdef')
    assert.equal(oneOf({ bytestreams, unanswered: [] }, 'aaaaaaaaaaaaaaaa').id, 'aaaaaaaaaaaaaaaa')
  })

  it('names those that are meant by too little of it', () => {
    assert.throws(
      () => oneOf({ bytestreams, unanswered: [] }, '0123'),
      notFound(/^2 bytestreams begin with 0123: 0123456789abcdef, 0123ffffffffffff$/),
    )
  })

  it('says that there is none, and who did not answer', () => {
    assert.throws(
      () => oneOf({ bytestreams, unanswered: [] }, 'b'),
      notFound(/No bytestream begins with b: `splice65 ls`/),
    )
    const unanswered = [{ relay: 'r1', fault: 'refused' }]
    assert.throws(() => oneOf({ bytestreams, unanswered }, 'b'), notFound(/did not answer: r1$/))
  })
})
