import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure, messageOf } from '../../shared/bytestream/failure.ts'
import { DialFailure } from '../../shared/transfer/socks5-client.ts'
import type { SelfTestReason } from './report.ts'
import { asSelfTestFailure, type SelfTestStage } from './self-test-failure.ts'

const late = new DOMException('too late', 'TimeoutError')
const broken = (code: string) => new DialFailure('tcp', code, { cause: Object.assign(new Error(code), { code }) })

describe('asSelfTestFailure()', () => {
  const cases: [stage: SelfTestStage, error: unknown, reason: SelfTestReason, reply?: number][] = [
    ['dial', broken('ENOTFOUND'), 'dns'],
    ['dial', broken('EAI_AGAIN'), 'dns'],
    ['dial', broken('ECONNREFUSED'), 'refused'],
    ['dial', broken('ETIMEDOUT'), 'timeout'],
    ['dial', broken('EHOSTUNREACH'), 'unreachable'],
    ['dial', new DialFailure('tcp', 'nothing came', { cause: late }), 'timeout'],
    ['dial', new DialFailure('greeting', 'it speaks HTTP', {}), 'not-socks5'],
    ['dial', new DialFailure('connect', 'it refused', { reply: 1 }), 'socks-reply', 1],
    ['dial', late, 'timeout'],
    ['activation', late, 'timeout'],
    ['activation', new Failure('not-found', 'no half is connected'), 'not-activated'],
    ['bytes', late, 'timeout'],
    ['bytes', new Error('read ECONNRESET'), 'bytes'],
  ]
  for (const [stage, error, reason, reply] of cases) {
    it(`calls ${messageOf(error)} at the ${stage} ${reason}`, () => {
      const failure = asSelfTestFailure(stage, error)
      assert.deepEqual([failure.reason, failure.reply], [reason, reply])
      assert.notEqual(failure.message, '')
    })
  }
})
