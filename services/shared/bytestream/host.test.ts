import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from './failure.ts'
import { parseHost } from './host.ts'

describe('parseHost()', () => {
  const hosts: [text: string, host: string][] = [
    ['Relay.Example.com', 'relay.example.com'],
    ['192.0.2.4', '192.0.2.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['[2001:db8::A]', '2001:db8::a'],
    ['::1', '::1'],
  ]
  for (const [text, host] of hosts) it(`reads ${text}`, () => assert.equal(parseHost(text), host))

  for (const text of [
    '',
    'a b',
    'a/b',
    '[relay]',
    '[::1',
    'relay:7777',
    'fe80::1%eth0',
    '[fe80::1%25eth0]',
    '{pod}',
    '1::2::3',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseHost(text),
        (error) => error instanceof Failure && error.code === 'malformed',
      )
    })
  }
})
