import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { readProxyHeader } from '../../support/read-proxy-header.ts'
import type { Subject } from '../subject.ts'
import { makeProxyHeader } from './proxy-header-bytes.ts'
import { makeHandshake } from './socks5-bytes.ts'

const mostBytes = 4_112

/** The PROXY header's parser by itself, in pieces of any size. */
export async function openProxyHeader(): Promise<Subject<Buffer[]>> {
  return {
    make(choices) {
      if (choices.oneIn(10)) return choices.cut(choices.bytes(300))
      return choices.cut(Buffer.concat([makeProxyHeader(choices), makeHandshake(choices)]))
    },
    show: (pieces) => pieces.map((piece) => piece.toString('hex')).join(' '),
    check(pieces) {
      const input = Buffer.concat(pieces)
      const seen = readProxyHeader(...pieces)
      assert.deepEqual(seen, readProxyHeader(input), 'how the input was cut makes a difference')
      assert.ok(seen || input.length < mostBytes, `it still waits after ${input.length} bytes`)
      if (seen?.step !== 'read') return
      assert.ok(seen.source === undefined || isIP(seen.source) > 0, `it believes in the address ${seen.source}`)
      assert.ok(input.subarray(input.length - seen.rest.length).equals(seen.rest), 'bytes behind the header are lost')
    },
  }
}
