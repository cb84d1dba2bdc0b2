import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { atEnd } from '../../../test/support/at-end.ts'
import { openScan } from './scan.ts'

const none = { scanCommand: undefined, scanUrl: undefined, scanTimeoutMs: 30_000 }

async function* file(text: string): AsyncGenerator<Buffer> {
  for (const character of text) yield Buffer.from(character)
}

describe('openScan()', () => {
  it('is none unless it is asked for, and one at most', () => {
    assert.equal(openScan(none), undefined)
    assert.throws(() => openScan({ ...none, scanCommand: 'true', scanUrl: 'http://localhost' }), { code: 'malformed' })
  })

  it('lets a command judge what it reads', async () => {
    const scan = openScan({ ...none, scanCommand: 'if grep -q EICAR; then exit 1; fi' })
    assert.equal(await scan?.(file('a good file')), 'clean')
    assert.equal(await scan?.(file('an EICAR file')), 'infected')
  })

  it('takes the verdict of a command that does not read to the end', async () => {
    const large = Buffer.alloc(1 << 20)
    const endless = async function* () {
      for (let i = 0; i < 64; i += 1) yield large
    }
    assert.equal(await openScan({ ...none, scanCommand: 'exit 1' })?.(endless()), 'infected')
  })

  it('has no verdict from a command that fails, or is not done in time', async () => {
    const scans = [
      openScan({ ...none, scanCommand: 'exit 2' }),
      openScan({ ...none, scanCommand: 'kill -9 $$' }),
      openScan({ ...none, scanCommand: 'exec sleep 60', scanTimeoutMs: 50 }),
    ]
    for (const scan of scans) await assert.rejects(async () => scan?.(file('x')), { code: 'unavailable' })
  })

  it('lets a server judge what it is sent, and has no verdict from any other answer', async (t) => {
    const server = createServer(async (request, response) => {
      const text = (await buffer(request)).toString()
      response.writeHead(text === 'good' ? 204 : text === 'bad' ? 406 : 500).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    atEnd(t, () => server.close())
    const scan = openScan({ ...none, scanUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/scan` })
    assert.equal(await scan?.(file('good')), 'clean')
    assert.equal(await scan?.(file('bad')), 'infected')
    await assert.rejects(async () => scan?.(file('odd')), { code: 'unavailable' })
    server.closeAllConnections()
    server.close()
    await assert.rejects(async () => scan?.(file('good')), { code: 'unavailable' })
  })
})
