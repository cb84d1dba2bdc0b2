import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../bytestream/failure.ts'
import { parseJid } from '../bytestream/jid.ts'
import { createAdmission } from './admission.ts'

const componentDomain = 'proxy.example.com'

function admits(jid: string, { allow = [], deny = [] }: { allow?: string[]; deny?: string[] } = {}): boolean {
  return createAdmission({ componentDomain, allow, deny })(parseJid(jid))
}

describe('createAdmission()', () => {
  it('admits the parent domain and its subdomains by default', () => {
    assert.ok(admits('a@example.com/R'))
    assert.ok(admits('A@EXAMPLE.COM/R'))
    assert.ok(admits('example.com'))
    assert.ok(admits('a@chat.example.com/R'))
    assert.ok(admits('courier.example.com'))
  })

  it('refuses everybody else by default', () => {
    for (const jid of ['a@example.org/R', 'a@badexample.com/R', 'a@com/R', 'example.com@evil.test/example.com']) {
      assert.ok(!admits(jid), jid)
    }
  })

  it('takes an allow list instead of the default', () => {
    assert.ok(admits('a@example.org/R', { allow: ['example.org'] }))
    assert.ok(!admits('a@example.com/R', { allow: ['example.org'] }))
    assert.ok(admits('a@anywhere.test/R', { allow: ['*'] }))
  })

  const rules: [rule: string, matches: string[], misses: string[]][] = [
    ['example.org', ['a@example.org/R', 'example.org'], ['a@chat.example.org/R']],
    ['*.example.org', ['a@chat.example.org/R', 'a@x.chat.example.org'], ['a@example.org/R', 'a@badexample.org']],
    ['Bob@Example.org', ['bob@example.org/R', 'bob@example.org'], ['alice@example.org/R']],
    ['bob@example.org/Desk', ['bob@example.org/Desk'], ['bob@example.org/desk', 'bob@example.org']],
  ]
  for (const [rule, matches, misses] of rules) {
    it(`reads ${rule} as a rule, to allow and to deny`, () => {
      for (const jid of matches) {
        assert.ok(admits(jid, { allow: [rule] }), jid)
        assert.ok(!admits(jid, { allow: ['*'], deny: [rule] }), jid)
      }
      for (const jid of misses) {
        assert.ok(!admits(jid, { allow: [rule] }), jid)
        assert.ok(admits(jid, { allow: ['*'], deny: [rule] }), jid)
      }
    })
  }

  it('lets deny win', () => {
    assert.ok(!admits('mallory@example.com/R', { deny: ['mallory@example.com'] }))
    assert.ok(!admits('a@example.org', { allow: ['a@example.org'], deny: ['example.org'] }))
  })

  it('refuses rules that cannot be read, and a component that serves nobody', () => {
    const malformed = (error: unknown) => error instanceof Failure && error.code === 'malformed'
    for (const rule of ['@example.com', 'a b@example.com', '*.', '*.a@example.com', 'a@']) {
      assert.throws(() => createAdmission({ componentDomain, allow: [rule], deny: [] }), malformed, rule)
    }
    assert.throws(() => createAdmission({ componentDomain: 'proxy', allow: [], deny: [] }), malformed)
  })
})
