import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serviceEnv } from '../../../deploy/local/service.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** Runs main.ts in a process that is sent SIGTERM as soon as it listens, before anything else is loaded. */
const impatient = `
process.on('newListener', (event) => {
  if (event === 'SIGTERM') queueMicrotask(() => process.kill(process.pid, 'SIGTERM'))
})
await import(${JSON.stringify(main)})
`

describe('splice65 relay', () => {
  it('ends by itself when it was told to stop while it was loaded', async () => {
    const loopback = { healthHost: '127.0.0.1', rpcHost: '127.0.0.1', trunkHost: '127.0.0.1', listen: '127.0.0.1:0' }
    const ports = { healthPort: 0, rpcPort: 0, trunkPort: 0 }
    const settings = { ...loopback, ...ports, registryUrl: 'memory:', drainDelayMs: 0 }
    const child = spawn(process.execPath, ['--input-type=module', '--eval', impatient, 'splice65', 'relay'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH, ...serviceEnv('relay', settings) },
    })
    assert.deepEqual(await once(child, 'close'), [0, null])
  })
})
