import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { freePort } from '../../deploy/local/port.ts'
import { startProsody } from '../../deploy/local/prosody.ts'
import { startRedis } from '../../deploy/local/redis.ts'
import { type ServiceProcess, type ServiceSettings, serviceEnv, startService } from '../../deploy/local/service.ts'
import { openRelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { freshDigest } from '../support/relays.ts'
import { closed, dialHalf } from '../support/socks-client.ts'

const domain = 'example.test'
const componentDomain = `proxy.${domain}`
/** A word that is in every secret here and nowhere else. */
const canary = /canary/i
const componentSecret = 'component-canary'
const rpcToken = 'a-token-of-a-canary'
const password = 'redis-canary'

describe('A secret', () => {
  it('is in nothing that the services write, show or are called by, whatever goes wrong', async () => {
    await using opened = new AsyncDisposableStack()
    const folder = opened.use(temporaryFolder('secrets'))
    const file = async (name: string, text: string) => {
      await writeFile(folder.file('new'), text)
      await rename(folder.file('new'), folder.file(name))
      return folder.file(name)
    }
    // It refuses our secret; Redis refuses our password.
    const components = [{ domain: componentDomain, secret: 'another one' }]
    const prosody = opened.use(await startProsody({ domain, accounts: [], components }))
    const redis = opened.use(await startRedis({ args: ['--requirepass', 'another one'] }))
    const registryUrl = `redis://:${password}@127.0.0.1:${redis.port}`
    const start = async (service: 'control' | 'relay', settings: ServiceSettings): Promise<ServiceProcess> => {
      const healthPort = await freePort()
      const common = { registryUrl, rpcTokenFile: await file(`${service}-token`, rpcToken), logLevel: 'trace' }
      const env = serviceEnv(service, { healthHost: '127.0.0.1', healthPort, ...common, ...settings })
      return opened.use(await startService(service, env, { until: 'livez' }))
    }
    const [socksPort, rpcPort, trunkPort, controlPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const relay = await start('relay', {
      listen: `127.0.0.1:${socksPort}`,
      advertiseHost: '127.0.0.1',
      rpcPort,
      trunkPort,
      drainDelayMs: 0,
      drainTimeoutMs: 1,
    })
    const control = await start('control', {
      componentDomain,
      componentHost: '127.0.0.1',
      componentPort: prosody.componentPort,
      componentSecretFile: await file('component-secret', componentSecret),
      componentMisconfiguredRetryMs: 100,
      streamhosts: `127.0.0.1:${socksPort}`,
      selfTest: false,
      rpcPort: controlPort,
    })

    const refused = ({ level, msg }: { level?: unknown; msg?: unknown }) =>
      level === 'error' && String(msg).startsWith('the XMPP server does not take us')
    await control.waitForLine(refused)
    // A half that Redis does not hear of, calls that are refused or fail, and bytes that are no call at all.
    const half = await dialHalf(socksPort, freshDigest())
    const room = { digest: freshDigest(), streamhost: '' }
    for (const shown of [undefined, 'another token of tests', rpcToken]) {
      const clients = openRelayClients({ rpcToken: shown })
      const calls = clients.at(`127.0.0.1:${rpcPort}`)
      const asked = { room, half: 'none', owner: 'relay-9', confirmed: true }
      await assert.rejects(calls.handoff(asked, { timeoutMs: 5_000 }))
      await assert.rejects(calls.endBytestream({ id: 'none' }, { timeoutMs: 5_000 }), doesNotTell)
      clients.close()
    }
    for (const port of [rpcPort, trunkPort, controlPort, socksPort]) {
      const socket = connect({ port, host: '127.0.0.1' })
      await once(socket, 'connect')
      socket.end(`GET / HTTP/1.1\r\nAuthorization: Bearer ${'x'.repeat(64)}\r\n\r\n`)
      // Some end it, some reset it.
      await closed(socket)
    }
    // Files with what is no secret: what was read must not be told.
    const untaken = ({ msg }: { msg?: unknown }) => String(msg).startsWith('a new secret is not taken')
    await file('component-secret', 'canary\u0000ünprintable')
    await file('control-token', 'canary')
    await file('relay-token', 'canary')
    await Promise.all([control.waitForLine(untaken), relay.waitForLine(untaken)])

    const services = [control, relay]
    for (const service of services) {
      const pages = await Promise.all(
        ['metrics', 'livez', 'readyz', 'config', 'debug/pprof', 'env', ''].map(async (path) =>
          (await fetch(`${service.healthUrl}/${path}`)).text(),
        ),
      )
      const commandLine = await readFile(`/proc/${service.pid}/cmdline`, 'utf8').catch(() => '')
      // Its environment is in no answer of ours; what the operator put into it, he put there.
      for (const text of [...pages, commandLine]) assert.doesNotMatch(text, canary)
    }
    half.socket.destroy()
    for (const service of services) {
      await service.stop()
      const told = service.lines().map((line) => JSON.stringify(line))
      assert.ok(told.length > 1)
      assert.deepEqual(
        told.filter((line) => canary.test(line)),
        [],
      )
    }
  })

  it('is in no fault of an option', async () => {
    await using folder = temporaryFolder('secrets')
    await writeFile(folder.file('short'), 'canary')
    await writeFile(folder.file('odd'), 'canary-\u00fc')
    const faults: [service: 'control' | 'relay', settings: ServiceSettings][] = [
      ['relay', { rpcToken: 'canary' }],
      ['relay', { rpcTokenFile: folder.file('short') }],
      ['relay', { registryUrl: 'canary://user:canary@host' }],
      ['relay', { registryUrl: 'redis://:canary@host:port' }],
      ['relay', { registryUrl: 'redis+sentinel://:canary@' }],
      ['control', { componentSecret: 'canary-\u00fc' }],
      ['control', { componentSecretFile: folder.file('odd') }],
      ['control', { componentSecret: 'canary', componentSecretFile: folder.file('odd') }],
      [
        'control',
        { componentSecret: 'canary', componentDomain, streamhosts: 'a:1', registryUrl: 'redis://canary:1:2' },
      ],
    ]
    await Promise.all(
      faults.map(async ([service, settings]) => {
        const env = serviceEnv(service, { healthPort: await freePort(), ...settings })
        await assert.rejects(startService(service, env), doesNotTell)
      }),
    )
  })
})

/** The error of a service that did not start holds what it wrote. */
function doesNotTell(error: unknown): true {
  assert.ok(error instanceof Error)
  assert.doesNotMatch(error.message, canary)
  return true
}
