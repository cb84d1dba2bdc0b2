import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { armKillPoint, killPoint, killPoints } from './kill-point.ts'

const services = fileURLToPath(new URL('../../', import.meta.url))

describe('killPoint()', () => {
  afterEach(() => armKillPoint(undefined, () => {}))

  it('does nothing while none is armed, and kills at the armed one only', () => {
    let deaths = 0
    for (const point of killPoints) killPoint(point)
    assert.equal(deaths, 0)
    armKillPoint('half-claimed', () => {
      deaths += 1
    })
    killPoint('half-answered')
    assert.equal(deaths, 0)
    killPoint('half-claimed')
    assert.equal(deaths, 1)
  })

  it('is not armed by a name that there is not', () => {
    assert.throws(() => armKillPoint('half-eaten', () => {}), { code: 'malformed', message: /half-claimed/ })
  })
})

describe('killPoints', () => {
  it('are named each at one place of the services, and no other is', async () => {
    const entries = await readdir(services, { recursive: true })
    const sources = entries.filter((path) => path.endsWith('.ts') && !/\.test\.ts$|kill-point\.ts$/.test(path))
    const texts = await Promise.all(sources.map((path) => readFile(join(services, path), 'utf8')))
    const named = texts.flatMap((text) => [...text.matchAll(/\bkillPoint\('([^']*)'\)/g)].map(([, name]) => name))
    assert.deepEqual(named.sort(), [...killPoints].sort())
  })
})
