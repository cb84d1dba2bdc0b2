import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseJid } from './jid.ts'
import { escapeLocal, unescapeLocal } from './jid-escaping.ts'

describe('escapeLocal()', () => {
  // XEP-0106 §5.
  const cases = [
    ['space cadet', 'space\\20cadet'],
    ['call me "ishmael"', 'call\\20me\\20\\22ishmael\\22'],
    ['at&t guy', 'at\\26t\\20guy'],
    ["d'artagnan", 'd\\27artagnan'],
    ['/.fanboy', '\\2f.fanboy'],
    ['::foo::', '\\3a\\3afoo\\3a\\3a'],
    ['<foo>', '\\3cfoo\\3e'],
    ['user@host', 'user\\40host'],
    ['c:\\net', 'c\\3a\\net'],
    ['c:\\cool stuff', 'c\\3a\\cool\\20stuff'],
    ['c:\\5commas', 'c\\3a\\5c5commas'],
  ] as const
  for (const [text, local] of cases) {
    it(`writes ${text} as ${local}`, () => {
      assert.equal(escapeLocal(text), local)
      assert.equal(unescapeLocal(local), text)
    })
  }

  it('makes something that reads as it was, and that a JID can have', () => {
    const ascii = fc.string({ unit: fc.constantFrom(...'ab0245cef\\ "&\'/:<>@'), minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(ascii, (text) => {
        assert.equal(unescapeLocal(escapeLocal(text)), text)
        assert.equal(parseJid(`${escapeLocal(text)}@ex.com`).local, escapeLocal(text))
      }),
    )
  })
})
