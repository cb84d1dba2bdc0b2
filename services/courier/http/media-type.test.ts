import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { essenceOf, isPicture, servedType } from './media-type.ts'

describe('essenceOf()', () => {
  it('leaves out parameters and case', () => {
    assert.equal(essenceOf('Text/HTML; charset=utf-8'), 'text/html')
    assert.equal(essenceOf(' image/png '), 'image/png')
  })

  it('is undefined for what is no media type', () => {
    for (const text of [
      '',
      'image',
      'image/',
      '/png',
      'a/b/c',
      'image/png\r\nx: y',
      'image /png',
      'imäge/png',
      `a/${'b'.repeat(81)}`,
    ]) {
      assert.equal(essenceOf(text), undefined, JSON.stringify(text))
    }
  })
})

describe('servedType()', () => {
  for (const [mediaType, served] of [
    ['image/png', 'image/png'],
    ['IMAGE/JPEG; q=1', 'image/jpeg'],
    ['audio/ogg', 'audio/ogg'],
    ['video/mp4', 'video/mp4'],
    ['text/plain; charset=utf-7', 'text/plain'],
    ['image/svg+xml', 'application/octet-stream'],
    ['text/html', 'application/octet-stream'],
    ['application/xhtml+xml', 'application/octet-stream'],
    ['application/pdf', 'application/octet-stream'],
    ['text/javascript', 'application/octet-stream'],
    ['', 'application/octet-stream'],
    ['image/png\r\nSet-Cookie: a=b', 'application/octet-stream'],
  ] as const) {
    it(`is ${served} for ${JSON.stringify(mediaType)}`, () => assert.equal(servedType(mediaType), served))
  }
})

describe('isPicture()', () => {
  it('is true of pictures that have no scripts', () => {
    assert.ok(isPicture('image/avif'))
    assert.ok(!isPicture('image/svg+xml'))
    assert.ok(!isPicture('text/html'))
  })
})
