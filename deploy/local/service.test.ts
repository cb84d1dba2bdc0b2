import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freePort, isFree } from './port.ts'
import { serviceEnv, startService } from './service.ts'

describe('startService()', () => {
  it('runs a service in the environment it is given, reads its log and metrics, and drains it', async () => {
    const settings = {
      pod: 'relay-under-test',
      healthHost: '127.0.0.1',
      healthPort: await freePort(),
      listen: `127.0.0.1:${await freePort()}`,
      rpcHost: '127.0.0.1',
      rpcPort: await freePort(),
      trunkPort: await freePort(),
      drainDelayMs: 0,
    }
    await using relay = await startService('relay', serviceEnv('relay', settings), { until: 'readyz' })
    const line = await relay.waitForLine(({ pod }) => pod === settings.pod)
    assert.equal(line.service, 'relay')
    assert.match(await relay.metrics(), /^splice65_build_info/m)
    relay.drain()
    assert.deepEqual(await relay.exited, { code: 0, signal: null })
    assert.equal(await isFree(settings.healthPort), true)
  })

  it('shows what a service says about faulty options', async () => {
    const env = serviceEnv('relay', { healthPort: await freePort(), rpcPort: 'many' })
    await assert.rejects(startService('relay', env), /Cannot start relay: (.|\n)*RELAY_RPC_PORT/)
  })

  it('demands a health port', async () => {
    await assert.rejects(startService('control', {}), /Cannot start control: CONTROL_HEALTH_PORT is not set/)
  })
})

describe('serviceEnv()', () => {
  it('names settings as the environment does, and leaves out what is undefined', () => {
    assert.deepEqual(serviceEnv('relay', { activationTimeoutMs: 5, pod: 'a', lifetimeMs: undefined }), {
      RELAY_ACTIVATION_TIMEOUT_MS: '5',
      RELAY_POD: 'a',
    })
  })
})
