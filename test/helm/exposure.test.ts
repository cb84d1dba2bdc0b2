import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IClusterRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { IService } from 'kubernetes-models/v1/Service'
import type { ChartValues } from '../../deploy/chart/values.ts'
import { courier } from './everything.ts'
import { modes } from './modes.ts'
import { fullname, namespace, type Rendering, render } from './render.ts'

type Mode = keyof typeof modes

const relay = `${fullname}-relay`
const inMode = (mode: Mode): Promise<Rendering> => render(modes[mode])

function podOf(rendering: Rendering): IPodSpec {
  const spec = rendering.get<IStatefulSet>('StatefulSet', relay).spec?.template.spec
  return spec ?? assert.fail('the StatefulSet has no pods')
}

/** The port of the container that clients of a Service reach, and whether the host has it too. */
function reached(rendering: Rendering, service: string) {
  const [port] = rendering.get<IService>('Service', service).spec?.ports ?? []
  const container = podOf(rendering).containers[0]?.ports?.find(({ name }) => name === port?.targetPort)
  return { ...port, containerPort: container?.containerPort }
}

/** Names of the Services that clients dial. */
function dialled(rendering: Rendering): string[] {
  return rendering.objects
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.endsWith('-socks') || /-relay-\d+$/.test(name))
}

describe('exposure.mode shared', () => {
  it('has one Service that keeps the addresses of clients', async () => {
    const rendering = await inMode('a load balancer')
    assert.deepEqual(dialled(rendering), [`${fullname}-socks`])
    const { spec } = rendering.get<IService>('Service', `${fullname}-socks`)
    assert.deepEqual([spec?.type, spec?.externalTrafficPolicy], ['LoadBalancer', 'Local'])
    assert.deepEqual(reached(rendering, `${fullname}-socks`), {
      name: 'socks',
      port: 7777,
      targetPort: 'socks',
      protocol: 'TCP',
      containerPort: 7777,
    })
  })

  it('has a port for each address, which leads to a listener of its own', async () => {
    const rendering = await inMode('three load-balanced addresses')
    const { spec } = rendering.get<IService>('Service', `${fullname}-socks`)
    const listeners = podOf(rendering).containers[0]?.ports ?? []
    assert.deepEqual(
      spec?.ports?.map(({ name, port, nodePort, targetPort }) => [
        ...[name, port, nodePort],
        listeners.find((listener) => listener.name === targetPort)?.containerPort,
      ]),
      [
        ['socks', 7777, undefined, 7777],
        ['https', 443, undefined, 7801],
        ['elsewhere', 7778, 30_778, 7802],
      ],
    )
  })

  it('can be a node port of choice, or something of the user’s own', async () => {
    assert.equal(reached(await inMode('a node port'), `${fullname}-socks`).nodePort, 30_777)
    const { spec } = (await inMode('a load balancer of the user’s own')).get<IService>('Service', `${fullname}-socks`)
    assert.deepEqual([spec?.type, spec?.externalTrafficPolicy], ['ClusterIP', undefined])
  })

  it('leads to the listener that demands the PROXY protocol where that is on', async () => {
    const { targetPort, containerPort } = reached(await inMode('the PROXY protocol'), `${fullname}-socks`)
    assert.deepEqual([targetPort, containerPort], ['socks-proxy', 7779])
  })
})

describe('exposure.mode loadBalancerPerPod', () => {
  it('has a Service for each relay, which leads to that relay alone', async () => {
    const rendering = await render({
      exposure: {
        mode: 'loadBalancerPerPod',
        host: '',
        service: {
          annotations: { hostname: '{pod}.example.com', order: 'n{ordinal}' },
          loadBalancerIPs: ['192.0.2.1'],
        },
      },
      relay: { replicas: 3 },
    })
    assert.deepEqual(dialled(rendering), [`${relay}-0`, `${relay}-1`, `${relay}-2`])
    const { metadata, spec } = rendering.get<IService>('Service', `${relay}-0`)
    assert.deepEqual(metadata?.annotations, { hostname: `${relay}-0.example.com`, order: 'n0' })
    assert.equal(spec?.selector?.['statefulset.kubernetes.io/pod-name'], `${relay}-0`)
    assert.deepEqual([spec?.type, spec?.loadBalancerIP], ['LoadBalancer', '192.0.2.1'])
    assert.equal(rendering.get<IService>('Service', `${relay}-1`).spec?.loadBalancerIP, undefined)
    assert.deepEqual(reached(rendering, `${relay}-2`).containerPort, 7778)
  })

  it('has as many as there may ever be', async () => {
    const autoscaling = { enabled: true, maxReplicas: 4 }
    const rendering = await render({ exposure: { mode: 'loadBalancerPerPod', host: '' }, relay: { autoscaling } })
    assert.equal(dialled(rendering).length, 4)
  })

  it('lets relays read their own Services and nothing else', async () => {
    const rendering = await inMode('a load balancer for each relay')
    const { rules } = rendering.get<IRole>('Role', `${relay}-address`)
    const resourceNames = [`${relay}-0`, `${relay}-1`]
    assert.deepEqual(rules, [{ apiGroups: [''], resources: ['services'], resourceNames, verbs: ['get'] }])
    assert.equal(podOf(rendering).automountServiceAccountToken, true)
  })
})

describe('exposure.mode nodePortPerPod', () => {
  it('has a row of node ports', async () => {
    const rendering = await inMode('a node port for each relay')
    assert.deepEqual(dialled(rendering), [`${relay}-0`, `${relay}-1`])
    assert.deepEqual(
      dialled(rendering).map((name) => reached(rendering, name).nodePort),
      [30_777, 30_778],
    )
  })

  it('lets relays read nodes, for which one namespace is not enough', async () => {
    const rendering = await inMode('a node port for each relay')
    const { rules } = rendering.get<IClusterRole>('ClusterRole', `${namespace}-${relay}-address`)
    assert.deepEqual(rules, [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }])
    assert.ok(rendering.names().includes(`ClusterRoleBinding/${namespace}-${relay}-address`))
  })
})

describe('exposure.mode hostPort', () => {
  it('takes the port on the node for what clients dial, and has no Service', async () => {
    const rendering = await inMode('host ports')
    assert.deepEqual(dialled(rendering), [])
    const ports = podOf(rendering).containers[0]?.ports?.filter(({ hostPort }) => hostPort !== undefined)
    assert.deepEqual(ports, [{ name: 'socks-own', containerPort: 7778, hostPort: 7777, protocol: 'TCP' }])
    assert.equal(podOf(rendering).hostNetwork, undefined)
  })

  it('gives the PROXY protocol’s listener the port on the node where that is on', async () => {
    const ports = podOf(await inMode('host ports and the PROXY protocol')).containers[0]?.ports
    assert.deepEqual(
      ports?.filter(({ hostPort }) => hostPort).map(({ name }) => name),
      ['socks-proxy'],
    )
  })
})

describe('exposure.mode hostNetwork', () => {
  it('shares the network of the node and still resolves names of the cluster', async () => {
    const { hostNetwork, dnsPolicy, containers } = podOf(await inMode('the network of the node'))
    assert.deepEqual([hostNetwork, dnsPolicy], [true, 'ClusterFirstWithHostNet'])
    assert.equal(containers[0]?.ports?.find(({ name }) => name === 'socks-own')?.containerPort, 7777)
  })
})

describe('relays', () => {
  it('get no token of the Kubernetes API unless they must ask it', async () => {
    for (const mode of [
      'a load balancer',
      'a node port for each relay of one host',
      'host ports at the node’s own address',
    ] as const) {
      const rendering = await inMode(mode)
      assert.equal(podOf(rendering).automountServiceAccountToken, false, mode)
      assert.equal(rendering.objects.filter(({ kind }) => kind.includes('Role')).length, 0, mode)
    }
  })
})

describe('values that cannot work', () => {
  const refused: readonly (readonly [what: string, values: ChartValues, says: RegExp])[] = [
    ['no component', { component: { domain: '', host: '' } }, /component\.domain: .*\n.*component\.host: /],
    ['a component that serves nobody', { component: { domain: 'proxy' } }, /control\.options\.allow: /],
    ['no secret of it', { component: { existingSecret: '' } }, /component\.existingSecret: /],
    ['two secrets of it', { component: { secret: 'x' } }, /component\.existingSecret: /],
    ['no address to tell clients', { exposure: { host: '' } }, /exposure\.host: .*DNS name/],
    ['a node port that nobody knows', { exposure: { service: { type: 'NodePort' } } }, /exposure\.service\.nodePort: /],
    [
      'one address for several relays',
      { exposure: { mode: 'hostPort', host: 'a.b' } },
      /exposure\.host: .*\{ordinal\}/,
    ],
    ['no address for relays', { exposure: { mode: 'hostPort', host: '', addressFrom: 'host' } }, /exposure\.host: /],
    [
      'an address of Services that have none',
      { exposure: { mode: 'hostPort', addressFrom: 'service' } },
      /addressFrom: /,
    ],
    ['the PROXY protocol from anybody', { exposure: { proxyProtocol: { enabled: true } } }, /proxyProtocol\.trusted: /],
    ['no Redis', { redis: { builtin: { enabled: false } } }, /redis\.existingSecret: /],
    ['two Redis', { redis: { url: 'redis://redis' } }, /redis\.builtin\.enabled: /],
    ['encrypted trunks without certificates', { rpc: { tls: { trunk: true } } }, /rpc\.tls\.enabled: /],
    [
      'fewer relays at most than at least',
      { relay: { autoscaling: { enabled: true, maxReplicas: 1 } } },
      /maxReplicas: /,
    ],
    [
      'KEDA without Prometheus',
      { relay: { autoscaling: { enabled: true, metric: 'bytestreams', keda: { enabled: true } } } },
      /serverAddress: /,
    ],
    ['a courier without a name', { courier: { ...courier, component: {} } }, /courier\.component\.domain: name/],
    [
      'a courier of the proxy’s name',
      { courier: { ...courier, component: { domain: 'proxy.example.com' } } },
      /courier\.component\.domain: .*of its own/,
    ],
    ['a courier that nobody reaches', { courier: { ...courier, publicUrl: '' } }, /courier\.publicUrl: /],
    ['an Ingress without a name', { courier: { ...courier, ingress: { enabled: true } } }, /courier\.ingress\.host: /],
    ['couriers that share nothing', { courier: { ...courier, replicas: 2 } }, /courier\.replicas: /],
  ]
  for (const [what, values, says] of refused) {
    it(`are refused: ${what}`, async () => {
      await assert.rejects(render(values), says)
    })
  }

  it('are named together', async () => {
    await assert.rejects(render({ component: { domain: '' }, exposure: { host: '' } }), (error: Error) => {
      const [, list = ''] = error.message.split('Cannot install splice65 with these values:\n')
      assert.deepEqual(
        list
          .split('\n')
          .filter((line) => /^ {2}\w/.test(line))
          .map((line) => line.trim().split(':')[0]),
        ['component.domain', 'exposure.host'],
      )
      return true
    })
  })
})
