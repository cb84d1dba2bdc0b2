import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Failure } from './failure.ts'
import { formatBareJid, formatJid, parseJid } from './jid.ts'

describe('parseJid()', () => {
  const prepared: [text: string, jid: string][] = [
    ['Alice@Example.COM/Phone', 'alice@example.com/Phone'],
    ['  bob@example.org/Desk\n', 'bob@example.org/Desk'],
    ['PROXY.example.com', 'proxy.example.com'],
    ['room@conference.example.net/Nick Name', 'room@conference.example.net/Nick Name'],
    ['a@b/c/d@e', 'a@b/c/d@e'],
    ['STRASSE@BÜCHER.example', 'strasse@bücher.example'],
    ['user@xn--bcher-kva.example', 'user@bücher.example'],
    ['ﬁne@example.com/ﬁne', 'fine@example.com/fine'],
    ['user\u00ad@example.com', 'user@example.com'],
    ['user@[::1]/r', 'user@[::1]/r'],
    ['user@example.com.', 'user@example.com'],
    ['user@example.com\u3002', 'user@example.com'],
    ['user@example.com/r \u00ad', 'user@example.com/r'],
  ]
  for (const [text, jid] of prepared) {
    it(`prepares ${JSON.stringify(text)}`, () => assert.equal(formatJid(parseJid(text)), jid))
  }

  const malformed = [
    '',
    '@example.com',
    'a@',
    'a@b/',
    'a b@c',
    'a@b c',
    'a"@b',
    'a@b/\u0000',
    'a@.\u00ad',
    'a@b..c',
    'a@xn--a.xn--bcher-kva',
    'a@xn--bcher-kva.xn--',
    'a@b/ \u00ad',
    'a@b/\u202e',
    `a@b/${'x'.repeat(1024)}`,
  ]
  for (const text of malformed) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(
        () => parseJid(text),
        (error) => error instanceof Failure && error.code === 'malformed',
      )
    })
  }

  it('is idempotent, and throws nothing but Failure', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        try {
          const once = formatJid(parseJid(text))
          assert.equal(formatJid(parseJid(once)), once)
        } catch (error) {
          assert.ok(error instanceof Failure, String(error))
        }
      }),
    )
  })
})

describe('formatBareJid()', () => {
  it('leaves the resource out', () => {
    assert.equal(formatBareJid(parseJid('alice@example.com/Phone')), 'alice@example.com')
    assert.equal(formatBareJid(parseJid('proxy.example.com')), 'proxy.example.com')
  })
})
