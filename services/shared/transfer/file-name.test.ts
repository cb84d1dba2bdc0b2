import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { alternatives, safeFileName } from './file-name.ts'

describe('safeFileName()', () => {
  for (const [name, safe] of [
    ['photo.jpg', 'photo.jpg'],
    ['Käse 😀.txt', 'Käse 😀.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\bob\\x.txt', 'x.txt'],
    ['..', 'file'],
    ['', 'file'],
    ['///', 'file'],
    ['.bashrc', 'bashrc'],
    ['a\u0000b\nc.txt', 'abc.txt'],
    ['invoice\u202etxt.exe', 'invoicetxt.exe'],
    ['con', '_con'],
    ['COM1.txt', '_COM1.txt'],
    ['console.txt', 'console.txt'],
    ['a<b>:"|?*.txt', 'a_b______.txt'],
    ['name. . ', 'name'],
  ] as const) {
    it(`makes ${JSON.stringify(safe)} of ${JSON.stringify(name)}`, () => assert.equal(safeFileName(name), safe))
  }

  it('keeps the extension of a long name, and whole characters', () => {
    const safe = safeFileName(`${'ü'.repeat(300)}.tar.gz`)
    assert.ok(Buffer.byteLength(safe) <= 200)
    assert.match(safe, /^ü+\.gz$/)
  })

  it('never leaves a folder, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('.', '/', '\\', ' ', 'a', 'con') })),
        (name) => {
          const safe = safeFileName(name)
          assert.ok(safe.length > 0 && Buffer.byteLength(safe) <= 200)
          assert.doesNotMatch(safe, /[/\\\p{Cc}]|^\.|[. ]$|\p{Cs}/u)
          assert.equal(safeFileName(safe), safe)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('alternatives()', () => {
  it('counts before the extension', () => {
    const [first, second, third] = alternatives('a.b.txt')
    assert.deepEqual([first, second, third], ['a.b.txt', 'a.b (1).txt', 'a.b (2).txt'])
  })
})
