import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { isFree } from './port.ts'
import { startRedis } from './redis.ts'

describe('startRedis()', () => {
  it('starts a Redis that forgets everything at a restart on the same port, and frees it at the end', async () => {
    await using server = await startRedis()
    const before = new Redis(server.url)
    await before.set('key', 'value')
    assert.equal(await before.get('key'), 'value')
    before.disconnect()

    const { pid } = server
    server.kill()
    assert.deepEqual(await server.exited, { code: null, signal: 'SIGKILL' })
    await server.restart()
    assert.notEqual(server.pid, pid)
    const after = new Redis(server.url)
    assert.equal(await after.get('key'), null)
    after.disconnect()

    await server.stop()
    assert.equal(await isFree(server.port), true)
  })
})
