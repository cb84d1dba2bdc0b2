import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { safeFileName } from '../../shared/transfer/file-name.ts'
import { contentDisposition } from './content-disposition.ts'

/** Reads the header as RFC 6266 and RFC 8187 say. */
function readBack(header: string): { kind: string; plain: string; name: string } {
  const match =
    /^(attachment|inline); filename="([ !#$&-[\]-~]*)"; filename\*=UTF-8''((?:[!#$&+.^_`|~0-9A-Za-z-]|%[0-9A-F]{2})+)$/.exec(
      header,
    )
  assert.ok(match, header)
  const [, kind = '', plain = '', encoded = ''] = match
  return { kind, plain, name: decodeURIComponent(encoded) }
}

describe('contentDisposition()', () => {
  it('says a name in ASCII and as it is', () => {
    assert.equal(
      contentDisposition('attachment', "très (cool) 'x'.jpg"),
      `attachment; filename="tr_s (cool) 'x'.jpg"; filename*=UTF-8''tr%C3%A8s%20%28cool%29%20%27x%27.jpg`,
    )
  })

  for (const name of [
    '../../etc/passwd',
    '..%2f..%2fpasswd',
    'a\0b',
    'a\r\nSet-Cookie: x=y',
    '\u202Egpj.exe',
    'CON',
    'x'.repeat(4096),
    '😀.png',
    '"; filename="evil.exe',
    '\\',
    '',
  ]) {
    it(`reads back as a safe name: ${JSON.stringify(name.slice(0, 30))}`, () => {
      const { name: read } = readBack(contentDisposition('attachment', name))
      assert.equal(read, safeFileName(name))
      assert.doesNotMatch(read, /[/\\\p{Cc}\u202E]/u)
      assert.ok(Buffer.byteLength(read) <= 255)
    })
  }

  it('reads back whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        assert.equal(readBack(contentDisposition('inline', name)).name, safeFileName(name))
      }),
    )
  })
})
