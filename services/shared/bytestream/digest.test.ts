import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { abbreviate, digestAsTyped, digestOf, parseDigest } from './digest.ts'
import { parseJid } from './jid.ts'

describe('digestOf()', () => {
  const vectors: [sid: string, requester: string, target: string, digest: string][] = [
    [
      'vj3hs98y',
      'romeo@montague.lit/orchard',
      'juliet@capulet.lit/balcony',
      '972b7bf47291ca609517f67f86b5081086052dad',
    ],
    [
      'vj3hs98y',
      'juliet@capulet.lit/balcony',
      'romeo@montague.lit/orchard',
      '1a12fb7bc625e55f3ed5b29a53dbe0e4aa7d80ba',
    ],
    [
      'yia72g3v49j7',
      'requester@example.com/foo',
      'room@conference.example.net/Tget',
      '416781edf1ae50bad01cb8509ba35b43952bc345',
    ],
    ['vxf9n471bn46', 'requester@example.com/foo', 'target@example.org/bar', '98b8d688d0f5d895fd41c5e7309a2e9e33ba32ff'],
    ['abc', 'courier.example.com', 'bob@example.org/Desk', '129392a253583136fa03f00837d97948607f0fc5'],
    ['s1', 'a@ex.com/R', 'b@ex.org/T', 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b'],
  ]
  for (const [sid, requester, target, digest] of vectors) {
    it(`hashes ${sid} ${requester} ${target}`, () => {
      assert.equal(digestOf(sid, parseJid(requester), parseJid(target)), digest)
    })
  }

  it('hashes prepared JIDs, where digestAsTyped() hashes what was typed', () => {
    const typed = 'Alice@Example.COM/Phone'
    assert.equal(
      digestOf('s1', parseJid(typed), parseJid('bob@example.org/Desk')),
      '76d5443ae2308b5016ad1c831abc6d2db7df0dcf',
    )
    assert.equal(digestAsTyped('s1', typed, 'bob@example.org/Desk'), '29e13b93396ad99a4a61e2a893c51b837a2b0a59')
  })
})

describe('parseDigest()', () => {
  const digest = 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b'

  it('accepts either case and gives lower case', () => {
    assert.equal(parseDigest(digest), digest)
    assert.equal(parseDigest(digest.toUpperCase()), digest)
  })

  it('refuses anything but 40 hexadecimal digits', () => {
    for (const text of ['', digest.slice(1), `${digest}0`, `${digest.slice(1)}g`, `${digest}\n`]) {
      assert.equal(parseDigest(text), undefined)
    }
  })
})

describe('abbreviate()', () => {
  it('gives the first 12 digits', () => {
    assert.equal(abbreviate(digestAsTyped('s1', 'a@ex.com/R', 'b@ex.org/T')), 'd283bf4d9c2e')
  })
})
