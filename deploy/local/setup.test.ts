import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Folder, temporaryFolder } from './folder.ts'

/** A clone with nothing installed, where `npm` is a script of ours that says so in a file each time it is called. */
async function clone(folder: Folder, npm: string): Promise<void> {
  const files = {
    'package-lock.json': '{}',
    'bin/npm': `#!/bin/sh\necho "$@" >> ${folder.file('npm-calls')}\n${npm}\n`,
  }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(folder.file(name)), { recursive: true })
    await writeFile(folder.file(name), content, { mode: 0o755 })
  }
  await mkdir(folder.file('deploy/local'), { recursive: true })
  await copyFile(fileURLToPath(new URL('setup.mjs', import.meta.url)), folder.file('deploy/local/setup.mjs'))
}

/** An npm that installs the Node that runs this test. */
const honestNpm = `mkdir -p node_modules/.bin && ln -sf ${process.execPath} node_modules/.bin/node`

function start(folder: Folder, args: readonly string[]) {
  const path = [folder.file('bin'), process.env.PATH].join(':')
  return spawn(process.execPath, [folder.file('deploy/local/setup.mjs'), ...args], {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function setUp(folder: Folder, ...args: string[]) {
  const child = start(folder, args)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code }
}

async function npmCalls(folder: Folder): Promise<number> {
  return (await readFile(folder.file('npm-calls'), 'utf8')).trim().split('\n').length
}

describe('setup.mjs', () => {
  it('installs the npm packages once, and again when the lockfile has changed', async () => {
    await using folder = temporaryFolder('setup')
    await clone(folder, honestNpm)
    assert.match((await setUp(folder, 'true')).stderr, /^setup: installing npm packages … done in [\d.]+ s\n$/)
    assert.deepEqual(await setUp(folder, 'true'), { stdout: '', stderr: '', code: 0 })
    assert.equal(await npmCalls(folder), 1)
    await writeFile(folder.file('package-lock.json'), '{ }')
    assert.equal((await setUp(folder, 'true')).code, 0)
    assert.equal(await npmCalls(folder), 2)
  })

  it('runs the command with the pinned Node, and hands on its output and its exit code', async () => {
    await using folder = temporaryFolder('setup')
    await clone(folder, honestNpm)
    const { stdout, code } = await setUp(folder, 'sh', '-c', 'command -v node; exit 7')
    assert.deepEqual({ stdout, code }, { stdout: `${join(folder.path, 'node_modules/.bin/node')}\n`, code: 7 })
    assert.equal((await setUp(folder, 'no-such-program')).code, 127)
  })

  it('hands on a signal, and says by its exit code that one ended the command', async () => {
    await using folder = temporaryFolder('setup')
    await clone(folder, honestNpm)
    const waiting = `process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('here')`
    const child = start(folder, ['node', '-e', waiting])
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'close'), [3, null])

    const killed = await setUp(folder, 'sh', '-c', 'kill -KILL $$')
    assert.equal(killed.code, 128 + 9)
  })

  it('shows what npm said when it fails', async () => {
    await using folder = temporaryFolder('setup')
    await clone(folder, 'echo "no space left"; exit 28')
    const { stderr, code } = await setUp(folder, 'true')
    assert.match(stderr, /failed in .*\nno space left\nsetup: Cannot install npm packages: .*npm ci.* ended with 28/)
    assert.equal(code, 1)
  })

  it('says what to do when npm has left out Node', async () => {
    await using folder = temporaryFolder('setup')
    await clone(folder, 'mkdir -p node_modules/.bin')
    const { stderr, code } = await setUp(folder, 'true')
    assert.match(stderr, /Cannot use node_modules\/\.bin\/node as Node 24.*\n.*npm rebuild node/)
    assert.equal(code, 1)
  })

  it('knows its purposes', async () => {
    await using folder = temporaryFolder('setup')
    await clone(folder, honestNpm)
    assert.equal((await setUp(folder, '--for', 'fun', 'true')).code, 2)
    assert.equal((await setUp(folder)).code, 2)
  })
})
