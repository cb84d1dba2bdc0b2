import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type HealthServer, serveHealth } from './health.ts'

describe('serveHealth()', () => {
  const contentType = 'text/plain; version=0.0.4; charset=utf-8'
  const metrics = { metrics: async () => 'up 1\n', contentType } as const
  let why: string | undefined
  let health: HealthServer
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${health.address.port}${path}`, init)
  const said = async (path: string) => {
    const answer = await ask(path)
    return [answer.status, await answer.text()]
  }

  before(async () => {
    health = await serveHealth({ metrics, ready: () => why }, { healthHost: '127.0.0.1', healthPort: 0 })
  })
  after(() => health.stop())

  it('gives the metrics, in their own type', async () => {
    assert.deepEqual(await said('/metrics'), [200, 'up 1\n'])
    assert.equal((await ask('/metrics')).headers.get('content-type'), contentType)
  })

  it('is ready until there is a reason not to be, and lives either way', async () => {
    assert.deepEqual(await said('/readyz'), [200, 'ok\n'])
    why = 'draining'
    assert.deepEqual(await said('/readyz'), [503, 'draining\n'])
    assert.deepEqual(await said('/livez'), [200, 'ok\n'])
    why = undefined
  })

  it('refuses other methods and other paths', async () => {
    assert.equal((await ask('/livez', { method: 'POST' })).status, 405)
    assert.equal((await ask('/debug')).status, 404)
  })

  it('answers 500 when the metrics cannot be collected, and goes on', async (test) => {
    test.mock.method(metrics, 'metrics', async () => {
      throw new Error('a gauge has nothing to read')
    })
    assert.deepEqual(await said('/metrics'), [500, 'cannot answer: a gauge has nothing to read\n'])
    assert.deepEqual(await said('/livez'), [200, 'ok\n'])
  })
})
