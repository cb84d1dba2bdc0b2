import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linkOf } from './link.ts'

const linkKey = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345'

describe('linkOf()', () => {
  it('is the public URL, the key and the name', () => {
    assert.equal(
      linkOf({ linkKey, name: 'report.pdf' }, 'https://files.example.com'),
      `https://files.example.com/${linkKey}/report.pdf`,
    )
  })

  it('keeps the path of the public URL, with or without a slash at its end', () => {
    for (const publicUrl of ['https://example.com/files', 'https://example.com/files/']) {
      assert.equal(linkOf({ linkKey, name: 'a' }, publicUrl), `https://example.com/files/${linkKey}/a`)
    }
  })

  const hostile: readonly (readonly [name: string, written: string])[] = [
    ['Käse & Brot (1).txt', 'K%C3%A4se%20%26%20Brot%20%281%29.txt'],
    ['../../etc/passwd', 'passwd'],
    ['a?b#c%2f.txt', 'a_b%23c%252f.txt'],
    ['\u202egpj.exe', 'gpj.exe'],
    ['\ud800.txt', '%EF%BF%BD.txt'],
    ['', 'file'],
  ]
  for (const [name, written] of hostile) {
    it(`writes ${JSON.stringify(name)} as ${written}`, () => {
      const url = linkOf({ linkKey, name }, 'https://files.example.com')
      assert.equal(url, `https://files.example.com/${linkKey}/${written}`)
      assert.equal(new URL(url).href, url)
    })
  }
})
