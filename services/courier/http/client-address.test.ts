import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { parseTrustedProxies } from '../../shared/limits/trusted-proxies.ts'
import { clientAddress } from './client-address.ts'

const trusted = parseTrustedProxies(['10.0.0.0/8', '127.0.0.1'])
const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as Pick<IncomingMessage, 'socket' | 'headers'>

describe('clientAddress()', () => {
  for (const [fact, request, address] of [
    ['the socket’s own', from('192.0.2.1'), '192.0.2.1'],
    ['the socket’s own, whatever its client says', from('192.0.2.1', '198.51.100.1'), '192.0.2.1'],
    ['what a trusted proxy says', from('10.0.0.1', '198.51.100.1'), '198.51.100.1'],
    ['what the outermost trusted proxy says', from('10.0.0.1', '1.2.3.4, 198.51.100.1, 10.9.9.9'), '198.51.100.1'],
    ['a private address, when a proxy says it', from('::ffff:127.0.0.1', '192.168.1.7'), '192.168.1.7'],
    ['unknown when a trusted proxy says nothing', from('10.0.0.1'), undefined],
    ['unknown behind a private address that nobody trusts', from('192.168.0.1', '198.51.100.1'), undefined],
  ] as const) {
    it(`is ${fact}`, () => assert.equal(clientAddress(request, trusted), address))
  }
})
