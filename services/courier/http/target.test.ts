import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTarget } from './target.ts'

const linkKey = 'AbCdEfGhIjKlMnOpQrStUvWxYz01_-45'

describe('readTarget()', () => {
  it('reads the key, with or without the path of the public URL', () => {
    assert.deepEqual(readTarget(`/${linkKey}/a.txt`, 'https://files.example.com'), { linkKey })
    assert.deepEqual(readTarget(`/files/${linkKey}/a.txt`, 'https://example.com/files/'), { linkKey })
    assert.deepEqual(readTarget(`/${linkKey}/a.txt`, 'https://example.com/files'), { linkKey })
  })

  it('reads what the page asks for', () => {
    assert.deepEqual(readTarget(`/${linkKey}/a.txt?download`, 'https://files.example.com'), {
      linkKey,
      asks: 'download',
    })
    assert.deepEqual(readTarget(`/${linkKey}/a.txt?preview`, 'https://files.example.com'), { linkKey, asks: 'preview' })
    assert.deepEqual(readTarget(`/${linkKey}/a.txt?fbclid=1`, 'https://files.example.com'), { linkKey })
  })

  for (const url of [
    '',
    '/',
    '*',
    '/robots.txt',
    `/${linkKey}`,
    `/${linkKey}/`,
    `/${linkKey}x/a`,
    `/${linkKey}/a/b`,
    `//${linkKey}/a`,
    `/../${linkKey}/a`,
    `/%2e%2e/${linkKey}/a`,
    `/x/${linkKey}/a`,
    `http://x/${linkKey}/a`,
    `/${linkKey.replace('_', '%5F')}/a`,
    `/${linkKey.slice(1)}\u0000/a`,
  ]) {
    it(`finds no key in ${JSON.stringify(url)}`, () =>
      assert.deepEqual(readTarget(url, 'https://files.example.com'), {}))
  }
})
