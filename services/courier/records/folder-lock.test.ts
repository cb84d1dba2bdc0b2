import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../deploy/local/folder.ts'
import { lockFolder } from './folder-lock.ts'

const holding = `
import { lockFolder } from ${JSON.stringify(new URL('folder-lock.ts', import.meta.url).href)}
lockFolder(process.argv[1])
gc()
console.log('held')
setInterval(() => {}, 1000)`

describe('lockFolder()', () => {
  it('refuses what another process holds, until that one is gone, however it went', async () => {
    await using folder = temporaryFolder('lock')
    const args = ['--expose-gc', '--input-type=module', '--eval', holding, folder.path]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    try {
      await once(child.stdout, 'data')
      assert.throws(() => lockFolder(folder.path), { code: 'taken', message: /another process has it/ })
    } finally {
      child.kill('SIGKILL')
      await exited
    }
    const lock = lockFolder(folder.path)
    assert.throws(() => lockFolder(folder.path), { code: 'taken' })
    lock.release()
    lockFolder(folder.path).release()
  })

  it('cannot hold what is no folder', async () => {
    assert.throws(() => lockFolder('/dev/null/records'), { code: 'unavailable', message: /Cannot use \/dev\/null/ })
  })
})
