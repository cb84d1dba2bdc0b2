import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { createClaims } from './claims.ts'

describe('createClaims()', () => {
  it('gives a file to a new claim when the old one has let go', async () => {
    const claims = createClaims()
    const first = await claims.claim('file')
    const second = claims.claim('file')
    assert.match(String(first.signal.reason), /new offer of the same file/)
    let isHeld = false
    void second.then(() => {
      isHeld = true
    })
    await new Promise(setImmediate)
    assert.equal(isHeld, false)
    first.release()
    assert.equal((await second).signal.aborted, false)
  })

  it('keeps different files apart', async () => {
    const claims = createClaims()
    const first = await claims.claim('one')
    await claims.claim('other')
    assert.equal(first.signal.aborted, false)
  })

  it('stops when all have let go, and declines what comes then', async () => {
    const claims = createClaims()
    const claim = await claims.claim('file')
    const stopped = claims.stop()
    assert.ok(claim.signal.aborted)
    claim.release()
    await stopped
    await assert.rejects(
      claims.claim('file'),
      (error) => error instanceof StanzaError && error.condition === 'forbidden',
    )
  })
})
