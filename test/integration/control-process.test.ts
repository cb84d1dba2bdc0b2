import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import { serviceEnv, startService } from '../../deploy/local/service.ts'

const secret = 'component-canary'
const componentDomain = 'proxy.example.test'

describe('the control process', () => {
  it('connects with a secret from a file, tells it to nobody, and ends cleanly at SIGTERM', async () => {
    await using prosody = await startProsody({
      domain: 'example.test',
      accounts: [],
      components: [{ domain: componentDomain, secret }],
    })
    await using folder = temporaryFolder('control-process')
    const componentSecretFile = folder.file('secret')
    await writeFile(componentSecretFile, `${secret}\n`)
    const env = serviceEnv('control', {
      componentDomain,
      componentHost: '127.0.0.1',
      componentPort: prosody.componentPort,
      componentSecretFile,
      streamhosts: 'relay.example.test:7777',
      selfTest: false,
      registryUrl: 'memory:',
      healthHost: '127.0.0.1',
      healthPort: await freePort(),
      rpcPort: 0,
      logLevel: 'trace',
    })
    await using control = await startService('control', env, { until: 'readyz' })
    await control.waitForLine((line) => line.msg === 'connected to the XMPP server')
    const metrics = await control.metrics()
    assert.match(metrics, /^splice65_component_up 1$/m)
    const commandLine = await readFile(`/proc/${control.pid}/cmdline`, 'utf8').catch(() => '')

    control.kill('SIGTERM')
    assert.deepEqual(await control.exited, { code: 0, signal: null })
    const everything = [metrics, commandLine, ...control.lines().map((line) => JSON.stringify(line))]
    assert.ok(!everything.some((text) => text.includes(secret)))
  })

  it('names every faulty option and exits with 1', async () => {
    const env = serviceEnv('control', { healthPort: await freePort(), streamhosts: 'nonsense', tpyo: 1 })
    await assert.rejects(startService('control', env), (error: Error) => {
      for (const name of ['COMPONENT_DOMAIN', 'COMPONENT_SECRET', 'STREAMHOSTS', 'TPYO']) {
        assert.match(error.message, new RegExp(`CONTROL_${name}`))
      }
      return /exit code 1/.test(error.message)
    })
  })
})
