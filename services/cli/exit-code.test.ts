import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { Failure } from '../shared/bytestream/failure.ts'
import { StanzaError } from '../shared/xmpp/stanza-error.ts'
import { exitCodeHelp, exitCodeOf, exitCodes } from './exit-code.ts'

describe('exitCodeOf()', () => {
  it('goes by the code of a failure', () => {
    assert.equal(exitCodeOf(new Failure('not-found', 'x')), 3)
    assert.equal(exitCodeOf(new Failure('unavailable', 'x')), 5)
  })

  it('goes by the condition of a stanza error', () => {
    assert.equal(exitCodeOf(new StanzaError({ condition: 'forbidden' })), 4)
    assert.equal(exitCodeOf(new StanzaError({ condition: 'service-unavailable' })), 3)
    assert.equal(exitCodeOf(new StanzaError({ condition: 'gone' })), 5)
  })

  it('is 2 for a command line that is wrong', () => {
    assert.equal(exitCodeOf(new InvalidArgumentError('x')), 2)
  })

  it('is 1 for what nobody expected', () => {
    assert.equal(exitCodeOf(new TypeError('x')), 1)
  })
})

describe('exitCodeHelp', () => {
  it('explains every code', () => {
    for (const code of Object.values(exitCodes)) assert.match(exitCodeHelp, new RegExp(`^ {2}${code} `, 'm'))
  })
})
