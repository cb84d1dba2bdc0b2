import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { keepSplitCharacters } from './utf8.ts'

class Reader extends EventEmitter {
  text = ''
  _onData(data: Buffer | string): void {
    this.text += data.toString('utf8')
  }
}

describe('keepSplitCharacters()', () => {
  it('joins a character that arrives in two reads', () => {
    const reader = new Reader()
    keepSplitCharacters(reader)
    for (const byte of Buffer.from('<a>grüße 😀</a>')) reader._onData(Buffer.of(byte))
    assert.equal(reader.text, '<a>grüße 😀</a>')
  })

  it('forgets a half character when the connection is made again', () => {
    const reader = new Reader()
    keepSplitCharacters(reader)
    reader._onData(Buffer.from('ü').subarray(0, 1))
    reader.emit('connect')
    reader._onData(Buffer.from('a'))
    assert.equal(reader.text, 'a')
  })
})
