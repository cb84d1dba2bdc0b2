import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../shared/bytestream/failure.ts'
import { parseListenAddress } from './listen-address.ts'

describe('parseListenAddress()', () => {
  it('reads host and port, with and without a name', () => {
    assert.deepEqual(parseListenAddress('0.0.0.0:7777'), { streamhost: '', host: '0.0.0.0', port: 7777 })
    assert.deepEqual(parseListenAddress('web=[::]:443'), { streamhost: 'web', host: '::', port: 443 })
  })

  it('refuses what is not one', () => {
    for (const text of ['', '7777', ':7777', 'host:', 'host:70000', 'a b:1', '=host:1', '::1:7777']) {
      assert.throws(
        () => parseListenAddress(text),
        (error) => error instanceof Failure && error.code === 'malformed',
        text,
      )
    }
  })
})
