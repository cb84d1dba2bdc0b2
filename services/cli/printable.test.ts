import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { printable } from './printable.ts'

describe('printable()', () => {
  it('leaves text of any script as it is', () => {
    for (const text of ['alice@example.test/phone', 'grüße', '日本語', 'مرحبا', '🎉'])
      assert.equal(printable(text), text)
  })

  const obeyed = { escape: '\x1b[2J', 'C1 control': '\x9b', newline: '\n', backspace: '\b', 'line separator': '\u2028' }
  for (const [name, text] of Object.entries(obeyed)) {
    it(`takes away what a terminal obeys: ${name}`, () => assert.ok(!printable(`a${text}b`).includes(text)))
  }

  it('takes away what turns the direction of writing', () => {
    for (const mark of ['\u200e', '\u200f', '\u061c', '\u202a', '\u202e', '\u2066', '\u2069']) {
      assert.equal(printable(`a${mark}b`), 'a�b')
    }
  })
})
