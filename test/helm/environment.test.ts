import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { JsonSchema } from '../../deploy/chart/json-schema.ts'
import { decidedByChart } from '../../deploy/chart/service-options.ts'
import type { ChartValues } from '../../deploy/chart/values.ts'
import { type Folder, temporaryFolder } from '../../deploy/local/folder.ts'
import { type ControlConfig, controlOptions } from '../../services/control/config.ts'
import { type CourierConfig, courierOptions } from '../../services/courier/config.ts'
import { type RelayConfig, relayOptions } from '../../services/relay/config.ts'
import { parseListenAddress } from '../../services/relay/listen-address.ts'
import { findAddressBy } from '../../services/relay/public-address/find-address.ts'
import { parseRedisUrl } from '../../services/shared/registry/redis-url.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { startRelays } from '../support/relays.ts'
import { courier, everything } from './everything.ts'
import { modes } from './modes.ts'
import { anotherDatabase, anotherSecret, podEnvironment } from './pod-environment.ts'
import { chartFolder, fullname, namespace, type Rendering, render } from './render.ts'

const pod = `${fullname}-relay-1`

/** A cluster in which every node and every Service has the address 192.0.2.9. */
const kubernetes = {
  read: async ({ resource }: { readonly resource: string }) =>
    resource === 'nodes'
      ? { status: { addresses: [{ type: 'ExternalIP', address: '192.0.2.9' }] } }
      : {
          spec: { type: 'LoadBalancer', ports: [{ port: 7777 }] },
          status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } },
        },
  namespace: async () => namespace,
}

describe('the environment that the chart gives', () => {
  let folder: Folder
  before(() => {
    folder = temporaryFolder('environment')
  })
  after(() => folder.remove())

  /** What the services make of what the chart gives them; throws what they would say. */
  async function configs(
    values: ChartValues,
  ): Promise<{ control: ControlConfig; relay: RelayConfig; courier: CourierConfig | undefined }> {
    const rendering = await render(values)
    const deployment = rendering.get<IDeployment>('Deployment', `${fullname}-control`)
    const statefulSet = rendering.get<IStatefulSet>('StatefulSet', `${fullname}-relay`)
    const env = async (spec = deployment.spec?.template.spec) =>
      spec ? podEnvironment(rendering, spec, folder) : assert.fail('there is no pod')
    return {
      control: readOptions('control', controlOptions, await env()),
      relay: readOptions('relay', relayOptions, await env(statefulSet.spec?.template.spec)),
      courier: values.courier?.enabled
        ? readOptions('courier', courierOptions, await env(courierPodOf(rendering)))
        : undefined,
    }
  }

  const courierPodOf = (rendering: Rendering) =>
    rendering.get<IStatefulSet>('StatefulSet', `${fullname}-courier`).spec?.template.spec

  /** Where clients are told to dial: the shared addresses, and that of the relay itself. */
  async function told(values: ChartValues): Promise<string[]> {
    const { control, relay } = await configs(values)
    const shared = control.streamhosts.map(({ name, host, port }) => `${name || 'shared'} ${host} ${port}`)
    if (relay.ownListen === undefined) return shared
    const own = await findAddressBy({ kubernetes }, relay)(parseListenAddress(relay.ownListen).port)
    assert.equal(control.streamhostMode, 'per-pod')
    return [...shared, `${relay.pod} ${own.host} ${own.port}`]
  }

  for (const [mode, values] of Object.entries<ChartValues>({ ...modes, ...everything })) {
    it(`is taken by control and by relay: ${mode}`, async () => {
      const { control, relay } = await configs(values)
      assert.equal(relay.pod, pod)
      assert.equal(relay.advertiseHost, '10.244.1.7')
      assert.ok(relay.rpcToken)
      assert.ok(parseRedisUrl(relay.registryUrl).nodes.length > 0)
      assert.equal(control.registryUrl, relay.registryUrl)
      assert.equal(control.componentDomain, 'proxy.example.com')
      for (const address of [...relay.listen, ...(relay.ownListen ? [relay.ownListen] : [])])
        parseListenAddress(address)
    })
  }

  it('tells clients the address that each mode has', async () => {
    const expected: Record<keyof typeof modes, string[]> = {
      'a load balancer': ['shared proxy.example.com 7777'],
      'a node port': ['shared proxy.example.com 30777'],
      'a load balancer of the user’s own': ['shared proxy.example.com 443'],
      'three load-balanced addresses': [
        'shared proxy.example.com 7777',
        'https proxy.example.com 443',
        'elsewhere files.example.net 80',
      ],
      'an IPv6 address': ['shared 2001:db8::7 7777'],
      'the PROXY protocol': ['shared proxy.example.com 7777'],
      'a load balancer for each relay': [`${pod} 192.0.2.9 7777`],
      'a named load balancer for each relay': [`${pod} relay-1.example.com 7777`],
      'the PROXY protocol for each relay': [`${pod} 192.0.2.9 7777`],
      'a node port for each relay': [`${pod} 192.0.2.9 30778`],
      'a node port for each relay of one host': [`${pod} proxy.example.com 30778`],
      'host ports': [`${pod} 192.0.2.9 7777`],
      'host ports at the node’s own address': [`${pod} 10.99.0.11 7777`],
      'host ports and the PROXY protocol': [`${pod} 192.0.2.9 7777`],
      'the network of the node': [`${pod} 192.0.2.9 7777`],
      'the network of the node and the PROXY protocol': [`${pod} ${pod}.example.com 7777`],
    }
    for (const [mode, values] of Object.entries(modes)) {
      assert.deepEqual(await told(values), expected[mode as keyof typeof modes], mode)
    }
  })

  it('lets relays tell clients apart by their sockets where these show who they are', async () => {
    const off = new Set<keyof typeof modes>([
      ...(['a load balancer of the user’s own', 'the PROXY protocol', 'the PROXY protocol for each relay'] as const),
      ...(['host ports and the PROXY protocol', 'the network of the node and the PROXY protocol'] as const),
    ])
    for (const mode of Object.keys(modes) as (keyof typeof modes)[]) {
      const { relay } = await configs(modes[mode])
      assert.equal(relay.sourceLimits, off.has(mode) ? 'auto' : 'on', mode)
    }
    const cluster = await configs({ exposure: { service: { externalTrafficPolicy: 'Cluster' } } })
    assert.equal(cluster.relay.sourceLimits, 'auto')
    const chosen = await configs({ relay: { options: { sourceLimits: 'off' } } })
    assert.equal(chosen.relay.sourceLimits, 'off')
  })

  it('starts a relay in every mode, with the listeners that clients and load balancers reach', async () => {
    const expected: Partial<Record<keyof typeof modes, [socks: string[], proxied: string[]]>> = {
      'a load balancer': [[''], []],
      'three load-balanced addresses': [['', 'https', 'elsewhere'], []],
      'the PROXY protocol': [[''], ['']],
      'a load balancer for each relay': [[pod], []],
      'the PROXY protocol for each relay': [[pod], [pod]],
      'the network of the node and the PROXY protocol': [[pod], [pod]],
    }
    for (const [mode, names] of Object.entries(expected)) {
      const { relay } = await configs(modes[mode as keyof typeof modes])
      await using relays = await startRelays(1, onLoopback(relay), { kubernetes })
      const { socks, proxied } = relays.relay(0).ports
      assert.deepEqual([Object.keys(socks), Object.keys(proxied)], names, mode)
    }
  })

  it('has no listener that nobody could reach', async () => {
    const { relay: shared } = await configs(modes['a load balancer'])
    assert.deepEqual([shared.listen, shared.ownListen], [['0.0.0.0:7777'], undefined])
    const { relay: three } = await configs(modes['three load-balanced addresses'])
    assert.deepEqual(three.listen, ['0.0.0.0:7777', 'https=0.0.0.0:7801', 'elsewhere=0.0.0.0:7802'])
    const { relay: own } = await configs(modes['host ports'])
    assert.deepEqual([own.listen, own.ownListen], [[], '0.0.0.0:7778'])
    const { relay: host } = await configs(modes['the network of the node'])
    assert.deepEqual([host.listen, host.ownListen], [[], '0.0.0.0:7777'])
    const { relay: ipv6 } = await configs(modes['an IPv6 address'])
    assert.deepEqual([ipv6.listen, ipv6.rpcHost], [['[::]:7777'], '::'])
  })

  for (const [service, options] of [
    ['control', controlOptions],
    ['courier', courierOptions],
    ['relay', relayOptions],
  ] as const) {
    it(`gives ${service} no option that it does not have`, () => {
      const unknown = [...decidedByChart[service]].filter((name) => !(name in options.shape))
      assert.deepEqual(unknown, [])
    })

    it(`carries every option of ${service} as it was given`, async () => {
      const { properties = {} } = await optionsOf(service)
      const given = Object.fromEntries(Object.entries(properties).map(([name, type]) => [name, valueFor(name, type)]))
      const config = (await configs({ [service]: { ...(service === 'courier' && courier), options: given } }))[service]
      const read = Object.fromEntries(Object.keys(given).map((name) => [name, config?.[name as keyof typeof config]]))
      assert.deepEqual(read, given)
      assert.ok(Object.keys(given).length > 15)
    })
  }

  it('has a Secret of the user’s own wherever one is named', async () => {
    const { control, relay, courier: kept } = await configs(everything['KEDA, and Secrets of the user’s own'])
    assert.deepEqual([control.componentSecret, control.registryUrl, relay.registryUrl], Array(3).fill(anotherSecret))
    assert.equal(relay.tlsCertFile, '/run/splice65/tls/tls.crt')
    assert.deepEqual([kept?.s3AccessKeyId, kept?.s3SecretAccessKey], [anotherSecret, anotherSecret])
    assert.deepEqual([kept?.componentSecret, kept?.uploadSecret], [anotherSecret, anotherSecret])
    assert.equal(kept?.databaseUrl, anotherDatabase)
    assert.equal(control.tlsCaFile, '/run/splice65/tls/ca.crt')
  })

  it('has the drain of the values', async () => {
    const { relay } = await configs({ relay: { drain: { delaySeconds: 1, timeoutSeconds: 2, spreadSeconds: 3 } } })
    assert.deepEqual([relay.drainDelayMs, relay.drainTimeoutMs, relay.drainSpreadMs], [1_000, 2_000, 3_000])
  })
})

/** The same relay where tests may run: on free ports of loopback. */
function onLoopback(config: RelayConfig): Partial<RelayConfig> {
  const moved = (address: string) => address.replace(/(^|=)[^=]*$/, '$1127.0.0.1:0')
  const { listen, proxyListen, ownListen, rpcToken, proxyTrusted } = config
  const { publicHost, publicPort, publicAddressFrom, publicService, nodeName } = config
  return {
    pod: config.pod,
    listen: listen.map(moved),
    proxyListen: proxyListen.map(moved),
    ownListen: ownListen && moved(ownListen),
    ...{ rpcToken, proxyTrusted, publicHost, publicPort, publicAddressFrom, publicService, nodeName },
  }
}

async function optionsOf(service: string): Promise<JsonSchema> {
  const schema: JsonSchema = JSON.parse(await readFile(`${chartFolder}values.schema.json`, 'utf8'))
  return schema.properties?.[service]?.properties?.options ?? assert.fail(`no options of ${service}`)
}

/** A value that an option takes and that is not its default; numbers so large that a careless template rounds them. */
function valueFor(name: string, schema: JsonSchema): unknown {
  const { type, enum: words, minimum = 0, maximum = 0, default: usual, format } = schema
  if (format === 'uri') return 'http://scanner.example.com:3310/?of=files&as=%22plain%22'
  if (name.startsWith('contact')) return ['mailto:abuse@example.com', 'https://example.com/abuse']
  if (words) return words.find((word) => word !== usual)
  switch (type) {
    case 'integer':
      return maximum > 10_737_418_241 ? 10_737_418_241 : minimum + 1 === usual ? minimum + 2 : minimum + 1
    case 'boolean':
      return usual !== true
    case 'array':
      return ['alice@example.org', 'carol@example.net']
    case 'string':
      return 'Transfers, "quoted" & {{ plain }}'
    default:
      return assert.fail(`the schema has no type for ${name}`)
  }
}
