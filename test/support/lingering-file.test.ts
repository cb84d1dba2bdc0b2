import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../deploy/local/folder.ts'

const watch = new URL('lingering-file.ts', import.meta.url)

describe('A test file', () => {
  it('fails when something of it stays open, and says what', async () => {
    const { code, output } = await runFile(
      100,
      `
      import { createServer } from 'node:net'
      import { it } from 'node:test'
      it('is over', () => { createServer().listen(0) })
    `,
    )
    assert.equal(code, 1, output)
    assert.match(output, /✔ is over/)
    assert.match(output, /lingers\.test\.ts is still alive 100 ms after its last test; it holds .*TCPServerWrap/)
  })

  it('passes when all of it is closed, however long its tests take', async () => {
    const { code, output } = await runFile(
      1_000,
      `
      import { it } from 'node:test'
      import { setTimeout as delay } from 'node:timers/promises'
      import { Worker } from 'node:worker_threads'
      it('takes its time', () => delay(1_500))
      it('has a thread', () => new Promise((over) => new Worker('', { eval: true }).once('exit', over)))
    `,
    )
    assert.equal(code, 0, output)
    assert.match(output, /✔ takes its time/)
    assert.match(output, /✔ has a thread/)
  })
})

/** Runs this as the only test file of a run of its own, which may live on for so long. */
async function runFile(graceMs: number, text: string): Promise<{ code: number; output: string }> {
  await using folder = temporaryFolder('lingering')
  const file = folder.file('lingers.test.ts')
  await writeFile(file, text)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const args = ['--import', `${watch}?graceMs=${graceMs}`, '--test', '--test-reporter=spec', file]
  return await new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    )
  })
}
