import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSlot, type SlotGrant, signSlot } from './slot-token.ts'

const secret = { uploadSecret: 'a secret of more than thirty-two characters' }
const next = { uploadSecret: `the secret of tomorrow, which is long enough too\n${secret.uploadSecret}\n` }
const grant: SlotGrant = {
  slot: 'J5cqM1w8bJkq7ctTqkLdJw',
  linkKey: 'AbCdEfGhIjKlMnOpQrStUvWxYz012345',
  size: 23_456,
  mediaType: 'image/jpeg',
  expiresAtMs: 1_800_000_000_000,
}

describe('readSlot()', () => {
  it('reads what was signed', () => {
    assert.deepEqual(readSlot(signSlot(grant, secret), secret), grant)
    const { mediaType, ...untyped } = grant
    assert.deepEqual(readSlot(signSlot(untyped, secret), secret), untyped, mediaType)
  })

  it('takes what any of several secrets has signed, and the first signs', () => {
    assert.deepEqual(readSlot(signSlot(grant, secret), next), grant)
    assert.equal(readSlot(signSlot(grant, next), secret), undefined)
    assert.deepEqual(readSlot(signSlot(grant, next), next), grant)
  })

  it('takes nothing of a secret that is gone', () => {
    assert.equal(
      readSlot(signSlot(grant, secret), { uploadSecret: 'another secret of thirty-two characters' }),
      undefined,
    )
  })

  it('takes no token of which one character is another', () => {
    const token = signSlot(grant, secret)
    for (let at = 0; at < token.length; at += 1) {
      for (const other of ['A', 'B', '.', '=', ' ', '\0']) {
        if (token[at] === other) continue
        const forged = token.slice(0, at) + other + token.slice(at + 1)
        assert.equal(readSlot(forged, secret), undefined, `${other} at ${at}`)
      }
    }
  })

  it('takes no token with a part cut off, doubled or of another token', () => {
    const token = signSlot(grant, secret)
    const [key, written, signature] = token.split('.')
    const [, otherWritten] = signSlot({ ...grant, size: 1 }, secret).split('.')
    for (const forged of [
      '',
      '..',
      `${key}.${written}`,
      `${key}.${written}.`,
      `${key}..${signature}`,
      `.${written}.${signature}`,
      `${token}.${signature}`,
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      `${key}.${otherWritten}.${signature}`,
    ]) {
      assert.equal(readSlot(forged, secret), undefined, forged)
    }
  })
})
