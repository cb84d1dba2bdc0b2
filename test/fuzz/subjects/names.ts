import assert from 'node:assert/strict'
import { Failure } from '../../../services/shared/bytestream/failure.ts'
import { parseHost } from '../../../services/shared/bytestream/host.ts'
import { formatJid, parseJid } from '../../../services/shared/bytestream/jid.ts'
import type { Choices } from '../choices.ts'
import type { Subject } from '../subject.ts'

const pieces = [
  ...[
    'a',
    'B',
    'ex.com',
    'é',
    'ß',
    'İ',
    '㏄',
    '\u00ad',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\ud800',
    '\u{1f600}',
    '\u0000',
    '\n',
    ' ',
  ],
  ...[
    '@',
    '/',
    '.',
    ':',
    '[',
    ']',
    '::1',
    '%',
    'xn--',
    'xn--bcher-kva',
    '127.0.0.1',
    '0x7f',
    'x'.repeat(64),
    'y'.repeat(1_023),
  ],
] as const

/** JIDs and hosts: whatever is taken is taken again in the form that it was given. */
export async function openNames(): Promise<Subject<string>> {
  return {
    make: (choices: Choices) => Array.from({ length: choices.below(8) }, () => choices.pick(pieces)).join(''),
    show: (text) => JSON.stringify(text),
    check(text) {
      const jid = read(() => formatJid(parseJid(text)))
      if (jid !== undefined) {
        assert.equal(formatJid(parseJid(jid)), jid, 'the prepared form is not stable')
        assert.ok(Buffer.byteLength(jid) <= 3 * 1_023 + 2, 'the JID is too long')
        assert.doesNotMatch(jid, /[\p{Cc}\p{Cf}]/u)
      }
      const host = read(() => parseHost(text))
      if (host !== undefined) assert.equal(parseHost(host), host)
    },
  }
}

function read(parse: () => string): string | undefined {
  try {
    return parse()
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === 'malformed', `not a failure: ${error}`)
    return undefined
  }
}
