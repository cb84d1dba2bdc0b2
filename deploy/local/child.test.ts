import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { type Child, type ChildOptions, startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { freePort, isFree } from './port.ts'
import { lineAppears, portsAccept } from './readiness.ts'

const listening = lineAppears(/^listening$/)

/** A child that runs `script` in Node. */
function scripted(script: string, logFile: string): ChildOptions {
  return { name: 'the child', command: process.execPath, args: ['-e', script], logFile, ready: listening }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('startChild()', () => {
  it('resolves when the child is ready, and keeps what it writes', async () => {
    await using folder = temporaryFolder('child')
    const port = await freePort()
    const child = await startChild({
      ...scripted(`console.log('hello'); require('net').createServer().listen(${port})`, folder.file('log')),
      ready: portsAccept([port]),
    })
    assert.equal(await child.waitForLine((line) => line === 'hello'), 'hello')
    assert.deepEqual(child.lines(), ['hello'])
    assert.deepEqual(await child.stop(), { code: null, signal: 'SIGTERM' })
    assert.equal(isAlive(child.pid), false)
    assert.equal(await isFree(port), true)
    assert.equal(await readFile(folder.file('log'), 'utf8'), 'hello\n')
  })

  it('says how the child ended, and its last words, when it is never ready', async () => {
    await using folder = temporaryFolder('child')
    const options = scripted(`console.error('no such disk'); process.exit(3)`, folder.file('log'))
    await assert.rejects(startChild(options), /Cannot start the child: .*exit(.|\n)*no such disk/)
  })

  it('says how long it waited, and leaves nothing running', async () => {
    await using folder = temporaryFolder('child')
    const options = scripted(`setInterval(() => {}, 1000)`, folder.file('log'))
    let pid = 0
    const ready = async (child: Child, signal: AbortSignal) => {
      pid = child.pid
      await child.waitForLine(() => false, signal)
    }
    await assert.rejects(startChild({ ...options, ready, readyTimeoutMs: 500 }), /it was not ready within 500 ms/)
    assert.notEqual(pid, 0)
    assert.equal(isAlive(pid), false)
  })

  it('says which program there is not', async () => {
    await using folder = temporaryFolder('child')
    const options = { ...scripted('', folder.file('log')), command: 'no-such-program' }
    await assert.rejects(startChild(options), /Cannot start the child: .*no-such-program/)
  })
})

describe('Child.stop()', () => {
  it('kills a child that ignores SIGTERM, and one that was stopped by SIGSTOP', async () => {
    await using folder = temporaryFolder('child')
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('listening')`
    const child = await startChild(scripted(stubborn, folder.file('log')))
    assert.deepEqual(await child.stop(10), { code: null, signal: 'SIGKILL' })

    const paused = await startChild(
      scripted(`setInterval(() => {}, 1000); console.log('listening')`, folder.file('log')),
    )
    paused.kill('SIGSTOP')
    assert.deepEqual(await paused.stop(), { code: null, signal: 'SIGTERM' })
  })
})

describe('Child.waitForLine()', () => {
  it('throws when the child exits without writing it', async () => {
    await using folder = temporaryFolder('child')
    const child = await startChild(scripted(`console.log('listening')`, folder.file('log')))
    await assert.rejects(
      child.waitForLine((line) => line === 'never'),
      /Cannot wait for a line of the child: it has exited/,
    )
    await child.stop()
  })
})

describe('a child whose parent ends without stopping it', () => {
  const endings = [
    ['by an exception', `throw new Error('oops')`, undefined],
    ['by process.exit()', 'process.exit(0)', undefined],
    ['by SIGTERM', 'setInterval(() => {}, 1000)', 'SIGTERM'],
    ['by SIGINT', 'setInterval(() => {}, 1000)', 'SIGINT'],
  ] as const
  for (const [how, ending, signal] of endings) {
    it(`is killed when that is ${how}`, async () => {
      await using folder = temporaryFolder('child')
      // The child holds a connection to us: when it is gone, so is that.
      const witness = createServer().listen(0, '127.0.0.1')
      await once(witness, 'listening')
      const { port } = witness.address() as AddressInfo
      const options = scripted(
        `require('net').connect(${port}, '127.0.0.1', () => console.log('listening'))`,
        folder.file('log'),
      )
      const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript(options, ending)], {
        stdio: 'ignore',
      })
      const ended = once(parent, 'exit')
      const [connection]: Socket[] = await once(witness, 'connection')
      assert(connection)
      const cut = new Promise<void>((resolve) =>
        connection
          .on('error', () => {})
          .once('close', resolve)
          .resume(),
      )
      if (signal) parent.kill(signal)
      const [, endedBy] = await ended
      assert.equal(endedBy, signal ?? null)
      await cut
      witness.close()
    })
  }
})

function parentScript({ name, command, args, logFile }: ChildOptions, ending: string): string {
  return `
    import { startChild } from ${JSON.stringify(new URL('child.ts', import.meta.url).href)}
    import { lineAppears } from ${JSON.stringify(new URL('readiness.ts', import.meta.url).href)}
    const options = ${JSON.stringify({ name, command, args, logFile })}
    await startChild({ ...options, ready: lineAppears(/listening/) })
    ${ending}`
}
