import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { helmMajors, kubectlPath, runHelm } from './helm.ts'

describe('runHelm()', () => {
  for (const major of helmMajors) {
    it(`runs Helm ${major}`, async () => {
      const { stdout } = await runHelm(major, ['version', '--template', '{{ .Version }}'])
      assert.match(stdout, new RegExp(`^v${major}\\.\\d+\\.\\d+$`))
    })
  }

  it('throws what Helm has to say', async () => {
    await assert.rejects(runHelm(4, ['template', 'x', '/nowhere']), /nowhere/)
  })
})

describe('kubectlPath()', () => {
  it('names a kubectl that runs', async () => {
    const { stdout } = await promisify(execFile)(await kubectlPath(), ['version', '--client'])
    assert.match(stdout, /^Client Version: v1\./)
  })
})
