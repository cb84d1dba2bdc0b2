import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { bytestreamKillPoints } from '../../services/shared/runtime/kill-point.ts'
import { failuresPage } from './page.ts'
import { cases, families } from './suite.ts'

describe('deploy/FAILURES.md', () => {
  it('lists exactly the cases of the fault suite', async () => {
    const written = await readFile(new URL('../../deploy/FAILURES.md', import.meta.url), 'utf8')
    assert.equal(
      written,
      failuresPage(families, cases),
      'deploy/FAILURES.md is not what the suite plays: run `npm run test:faults -- --write`',
    )
  })
})

describe('the fault suite', () => {
  it('has a name of its own for every case', () => {
    const names = cases.map(({ name }) => name)
    assert.deepEqual(names, [...new Set(names)])
  })

  it('comes to every kill point', () => {
    const played = cases.filter(({ family }) => family.name === 'kill-point').map(({ fault }) => fault.fault)
    assert.deepEqual(played, [...bytestreamKillPoints])
  })
})
