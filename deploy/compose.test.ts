import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { controlOptions } from '../services/control/config.ts'
import { courierOptions } from '../services/courier/config.ts'
import { relayOptions } from '../services/relay/config.ts'
import { readOptions } from '../services/shared/runtime/options.ts'

interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
}

const folder = new URL('./', import.meta.url)
const text = readFileSync(new URL('compose.yaml', folder), 'utf8')
/** As `docker compose` reads it where the environment sets nothing. */
const withDefaults = text.replace(/\$\{\w+:-([^}]*)\}/g, '$1')
const { services } = parse(withDefaults, { merge: true }) as { services: Readonly<Record<string, Service>> }

describe('compose.yaml', () => {
  it('gives control and both relays options that they know, and one token', () => {
    const control = readOptions('control', controlOptions, services.control?.environment ?? {})
    const relays = ['relay-0', 'relay-1'].map((name) =>
      readOptions('relay', relayOptions, services[name]?.environment ?? {}),
    )
    assert.deepEqual(
      relays.map(({ pod, rpcToken }) => ({ pod, rpcToken })),
      ['relay-0', 'relay-1'].map((pod) => ({ pod, rpcToken: control.rpcToken })),
    )
  })

  it('publishes each relay where it says that clients reach it', () => {
    for (const [ordinal, name] of ['relay-0', 'relay-1'].entries()) {
      const { publicHost, publicPort, ownListen } = readOptions(
        'relay',
        relayOptions,
        services[name]?.environment ?? {},
      )
      const port = Number(publicPort?.split('+')[0]) + ordinal
      assert.deepEqual(services[name]?.ports, [`${publicHost}:${port}:${ownListen?.split(':')[1]}`])
    }
  })

  it('gives the courier options that it knows, the proxy, and a volume where it keeps things', () => {
    const control = readOptions('control', controlOptions, services.control?.environment ?? {})
    const courier = readOptions('courier', courierOptions, services.courier?.environment ?? {})
    assert.deepEqual(courier.proxies, [control.componentDomain])
    assert.equal(courier.componentSecret, control.componentSecret)
    assert.deepEqual(services.courier?.volumes, [`courier:${courier.dataFolder}`])
    assert.deepEqual(services.courier?.ports, [`127.0.0.1:${new URL(courier.publicUrl).port}:${courier.httpPort}`])
  })

  it('mounts files that exist', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(':')[0] ?? '').filter((source) => source.startsWith('.')),
    )
    assert.ok(mounted.length > 0)
    for (const path of mounted) assert.ok(existsSync(fileURLToPath(new URL(path, folder))), path)
  })

  it('has Prometheus scrape every service', () => {
    const { scrape_configs: jobs } = parse(readFileSync(new URL('prometheus/prometheus.yaml', folder), 'utf8'))
    const targets = jobs.flatMap((job: { static_configs: { targets: string[] }[] }) => job.static_configs)
    assert.deepEqual(
      targets.flatMap((each: { targets: string[] }) => each.targets),
      ['control:9090', 'relay-0:9091', 'relay-1:9091', 'courier:9092'],
    )
  })
})
