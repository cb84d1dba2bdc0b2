import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { temporaryFolder } from './folder.ts'

describe('temporaryFolder()', () => {
  it('is for this user only, and gone with its files once disposed of', async () => {
    let path: string
    {
      await using folder = temporaryFolder('test')
      path = folder.path
      await writeFile(folder.file('a'), 'a')
      assert.equal((await stat(path)).mode & 0o777, 0o700)
    }
    assert.equal(existsSync(path), false)
  })
})
