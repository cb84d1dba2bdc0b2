import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IPod } from 'kubernetes-models/v1/Pod'
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec'
import type { ISecret } from 'kubernetes-models/v1/Secret'
import type { ChartValues } from '../../deploy/chart/values.ts'
import { parseRedisUrl } from '../../services/shared/registry/redis-url.ts'
import { courier, everything } from './everything.ts'
import { fullname, type Rendering, render } from './render.ts'

const relay = `${fullname}-relay`
const statefulSetOf = (rendering: Rendering) => rendering.get<IStatefulSet>('StatefulSet', relay)

/** The pods of a rendering by the name of their workload. */
function templates(rendering: Rendering): Record<string, IPodTemplateSpec> {
  const workloads = rendering.objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
  const pairs = workloads.map((object) => {
    const { spec } = object as unknown as IDeployment | IStatefulSet
    return [
      object.metadata.name.slice(fullname.length + 1),
      spec?.template ?? assert.fail('there are no pods'),
    ] as const
  })
  return Object.fromEntries(pairs)
}

describe('every pod', () => {
  it('has the rights of Kubernetes’ restricted standard, and a root file system that nobody writes', async () => {
    const pods = templates(await render({ courier }))
    assert.deepEqual(Object.keys(pods).sort(), ['control', 'courier', 'redis', 'relay'])
    for (const [name, { spec }] of Object.entries(pods)) {
      assert.equal(spec?.securityContext?.runAsNonRoot, true, name)
      assert.deepEqual(spec?.securityContext?.seccompProfile, { type: 'RuntimeDefault' }, name)
      assert.equal(spec?.automountServiceAccountToken, false, name)
      assert.equal(spec?.enableServiceLinks, false, name)
      for (const { securityContext } of spec?.containers ?? []) {
        assert.deepEqual(
          securityContext,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          name,
        )
      }
    }
  })

  it('has no secret in its environment or its command', async () => {
    const rendering = await render({ component: { existingSecret: '', secret: 'not-a-secret' } })
    const secrets = rendering.objects.filter(({ kind }) => kind === 'Secret') as unknown as ISecret[]
    const words = secrets
      .flatMap(({ data = {} }) => Object.values(data))
      .map((it) => Buffer.from(it, 'base64').toString())
    assert.ok(words.includes('not-a-secret') && words.length >= 5)
    const text = JSON.stringify(templates(rendering))
    for (const word of words) assert.ok(!text.includes(word))
    assert.ok(!text.includes('secretKeyRef'))
  })

  it('is kept out of service meshes, unless that is not wanted', async () => {
    for (const [name, { metadata }] of Object.entries(templates(await render()))) {
      assert.equal(metadata?.labels?.['sidecar.istio.io/inject'], 'false', name)
      assert.equal(metadata?.annotations?.['linkerd.io/inject'], 'disabled', name)
    }
    const text = JSON.stringify(templates(await render({ meshOptOut: false })))
    assert.doesNotMatch(text, /inject/)
  })

  it('has what its values add, templates filled in', async () => {
    for (const [name, { metadata, spec }] of Object.entries(templates(await render(everything['all of it'])))) {
      assert.equal(metadata?.labels?.team, 'xmpp', name)
      assert.equal(metadata?.annotations?.note, 'pod', name)
      assert.deepEqual(spec?.imagePullSecrets, [{ name: 'registry' }], name)
      assert.deepEqual(spec?.nodeSelector, { 'kubernetes.io/os': 'linux' }, name)
      assert.match(JSON.stringify(spec?.affinity), /"release":"proxy"/, name)
      assert.equal(
        spec?.topologySpreadConstraints?.[0]?.labelSelector?.matchLabels?.['app.kubernetes.io/component'],
        name,
      )
      assert.deepEqual(
        spec?.containers.map((it) => it.name),
        [name, 'beside'],
      )
      assert.deepEqual(
        spec?.initContainers?.map((it) => it.name),
        ['before'],
        name,
      )
      const [container] = spec?.containers ?? []
      assert.ok(
        container?.env?.some((it) => it.name === 'TZ' && it.value === 'transfer'),
        name,
      )
      assert.ok(
        container?.envFrom?.some(({ secretRef }) => secretRef?.name === 'more'),
        name,
      )
      assert.ok(
        container?.volumeMounts?.some(({ mountPath }) => mountPath === '/scratch'),
        name,
      )
      assert.ok(
        spec?.volumes?.some((it) => it.name === 'scratch'),
        name,
      )
      for (const key of [
        'tolerations',
        'priorityClassName',
        'runtimeClassName',
        'schedulerName',
        'dnsConfig',
        'hostAliases',
      ] as const) {
        assert.ok(spec?.[key], `${name} ${key}`)
      }
    }
  })

  it('starts anew when its options change, and not when the chart’s version does', async () => {
    const before = templates(await render())
    const after = templates(await render({ relay: { options: { idleTimeoutMs: 1 } } }))
    assert.notDeepEqual(after.relay?.metadata, before.relay?.metadata)
    assert.deepEqual(after.control?.metadata, before.control?.metadata)
    assert.doesNotMatch(JSON.stringify(before), /helm\.sh\/chart/)
  })

  it('is asked how it is, or in the way that its values say', async () => {
    const probeOf = async (control: object) =>
      templates(await render({ control })).control?.spec?.containers[0]?.readinessProbe
    assert.deepEqual((await probeOf({}))?.httpGet, { path: '/readyz', port: 'metrics' })
    const own = await probeOf({ readinessProbe: { tcpSocket: { port: 9090 } } })
    assert.deepEqual([own?.tcpSocket, own?.httpGet, own?.periodSeconds], [{ port: 9090 }, undefined, 2])
  })

  it('has the image of the values', async () => {
    const image = async (values: object) => templates(await render({ image: values })).relay?.spec?.containers[0]?.image
    assert.match((await image({})) ?? '', /^ghcr\.io\/splice65\/splice65:\d+\.\d+\.\d+$/)
    assert.equal(await image({ repository: 'localhost/splice65', tag: 'dev' }), 'localhost/splice65:dev')
    assert.equal(await image({ tag: 'dev', digest: 'sha256:1' }), 'ghcr.io/splice65/splice65@sha256:1')
  })
})

describe('relays', () => {
  it('have the time that a drain may take', async () => {
    const { spec } = templates(await render()).relay ?? {}
    assert.equal(spec?.terminationGracePeriodSeconds, 5 + 600 + 10 + 20)
    const drain = { delaySeconds: 1, timeoutSeconds: 20, spreadSeconds: 3, marginSeconds: 6 }
    assert.equal(templates(await render({ relay: { drain } })).relay?.spec?.terminationGracePeriodSeconds, 30)
  })

  it('are not moved by autoscalers of clusters, unless that is wanted', async () => {
    const evict = 'cluster-autoscaler.kubernetes.io/safe-to-evict'
    const annotations = async (safeToEvict: boolean) =>
      templates(await render({ relay: { safeToEvict } })).relay?.metadata?.annotations ?? {}
    assert.equal((await annotations(false))[evict], 'false')
    assert.ok(!(evict in (await annotations(true))))
  })

  it('start all at once, and are as many as the values say or as the load demands', async () => {
    const { spec } = statefulSetOf(await render({ relay: { replicas: 5 } }))
    assert.deepEqual([spec?.replicas, spec?.podManagementPolicy], [5, 'Parallel'])
    const scaled = statefulSetOf(await render({ relay: { autoscaling: { enabled: true } } }))
    assert.equal(scaled.spec?.replicas, undefined)
  })

  it('follow the load that is asked for', async () => {
    const metric = async (of: 'cpu' | 'bytestreams' | 'bytesPerSecond') => {
      const values = { relay: { autoscaling: { enabled: true, metric: of, bytesPerSecond: 10_737_418_240 } } }
      return (await render(values)).get<IHorizontalPodAutoscaler>('HorizontalPodAutoscaler', relay).spec?.metrics?.[0]
    }
    assert.deepEqual((await metric('cpu'))?.resource?.target, { type: 'Utilization', averageUtilization: 70 })
    assert.deepEqual((await metric('bytestreams'))?.pods, {
      metric: { name: 'splice65_bytestreams_active' },
      target: { type: 'AverageValue', averageValue: '500' },
    })
    assert.deepEqual((await metric('bytesPerSecond'))?.pods, {
      metric: { name: 'splice65_relayed_bytes_per_second' },
      target: { type: 'AverageValue', averageValue: '10737418240' },
    })
  })

  it('follow what Prometheus says through KEDA', async () => {
    const rendering = await render(everything['KEDA, and Secrets of the user’s own'])
    const [trigger] = rendering.get<IScaledObject>('ScaledObject', relay).spec?.triggers ?? []
    assert.equal(
      trigger?.metadata.query,
      'sum(splice65_bytestreams_active{namespace="transfer",pod=~"proxy-splice65-relay-[0-9]+"})',
    )
    assert.equal(trigger?.metadata.threshold, '500')
  })
})

describe('control', () => {
  it('is replaced without a gap', async () => {
    const { spec } = (await render()).get<IDeployment>('Deployment', `${fullname}-control`)
    assert.deepEqual(spec?.strategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
  })
})

describe('couriers', () => {
  const courierOf = async (values: ChartValues['courier']) =>
    (await render({ courier: { ...courier, ...values } })).get<IStatefulSet>('StatefulSet', `${fullname}-courier`).spec

  it('claim a volume each, or have the one that is named, or none', async () => {
    const volume = async (values: ChartValues['courier']) => {
      const spec = await courierOf(values)
      const data = spec?.template.spec?.volumes?.find(({ name }) => name === 'data')
      return [spec?.volumeClaimTemplates?.map(({ spec: claim }) => claim?.resources?.requests?.storage), data]
    }
    assert.deepEqual(await volume({ persistence: { size: '1Ti' } }), [['1Ti'], undefined])
    const named = { name: 'data', persistentVolumeClaim: { claimName: 'parcels' } }
    assert.deepEqual(await volume({ persistence: { existingClaim: 'parcels' } }), [undefined, named])
    assert.deepEqual(await volume({ persistence: { enabled: false } }), [undefined, { name: 'data', emptyDir: {} }])
  })

  it('have the time that downloads may take', async () => {
    const spec = await courierOf({ terminationGracePeriodSeconds: 300 })
    assert.equal(spec?.template.spec?.terminationGracePeriodSeconds, 300)
  })
})

describe('helm test', () => {
  const testPod = async (values = {}) => (await render(values)).get<IPod>('Pod', `${fullname}-test`)

  it('asks control to test itself, and leaves its log to read', async () => {
    const { metadata, spec } = await testPod()
    assert.deepEqual(spec?.containers[0]?.args, ['selftest', '--control', `${fullname}-control-rpc:6502`])
    assert.equal(metadata?.annotations?.['helm.sh/hook'], 'test')
    assert.equal(metadata?.annotations?.['helm.sh/hook-delete-policy'], 'before-hook-creation')
  })

  it('shows the token, and a certificate where one is demanded', async () => {
    const names = ({ spec }: IPod) => spec?.containers[0]?.env?.map(({ name }) => name)
    assert.deepEqual(names(await testPod()), ['CONTROL_RPC_TOKEN_FILE'])
    const tls = ['CONTROL_TLS_CERT_FILE', 'CONTROL_TLS_KEY_FILE', 'CONTROL_TLS_CA_FILE']
    assert.deepEqual(names(await testPod({ rpc: { tls: { enabled: true } } })), ['CONTROL_RPC_TOKEN_FILE', ...tls])
  })
})

describe('the built-in Redis', () => {
  it('demands the password that services are given', async () => {
    const { data = {} } = (await render()).get<ISecret>('Secret', `${fullname}-redis`)
    const [password, url, conf] = ['password', 'url', 'redis.conf'].map((key) =>
      Buffer.from(data[key] ?? '', 'base64').toString(),
    )
    assert.match(password ?? '', /^[A-Za-z0-9]{48}$/)
    assert.deepEqual(parseRedisUrl(url ?? '').nodes, [{ host: `${fullname}-redis`, port: 6379 }])
    assert.equal(parseRedisUrl(url ?? '').password, password)
    assert.match(conf ?? '', new RegExp(`^requirepass ${password}$`, 'm'))
  })
})

describe('API versions', () => {
  const versions = async (kubeVersion: string) => {
    const { objects } = await render(everything['all of it'], { kubeVersion })
    return Object.fromEntries(objects.map(({ kind, apiVersion }) => [kind, apiVersion]))
  }

  it('are those that the cluster has', async () => {
    const [v1_20, v1_22, v1_33] = await Promise.all(['1.20.15', '1.22.17', '1.33.0'].map(versions))
    const kinds = ['PodDisruptionBudget', 'HorizontalPodAutoscaler']
    assert.deepEqual(
      kinds.map((kind) => v1_20?.[kind]),
      ['policy/v1beta1', 'autoscaling/v2beta2'],
    )
    assert.deepEqual(
      kinds.map((kind) => v1_22?.[kind]),
      ['policy/v1', 'autoscaling/v2beta2'],
    )
    assert.deepEqual(
      kinds.map((kind) => v1_33?.[kind]),
      ['policy/v1', 'autoscaling/v2'],
    )
  })

  it('are refused below 1.20', async () => {
    await assert.rejects(render({}, { kubeVersion: '1.19.16' }), /1\.20/)
  })
})

describe('NetworkPolicies', () => {
  const policyOf = async (component: string, values: ChartValues = {}) =>
    (await render({ networkPolicy: { enabled: true }, ...values })).get<INetworkPolicy>(
      'NetworkPolicy',
      `${fullname}-${component}`,
    ).spec
  const ports = (rules: readonly { ports?: { port?: string | number }[] }[] = []) =>
    rules.map((rule) => rule.ports?.map(({ port }) => port).join(','))

  it('let in what each pod is for', async () => {
    assert.deepEqual(ports((await policyOf('relay'))?.ingress), ['socks', 'rpc', 'trunk', 'metrics'])
    assert.deepEqual(ports((await policyOf('control'))?.ingress), ['rpc', 'metrics'])
    assert.deepEqual(ports((await policyOf('redis'))?.ingress), ['redis'])
    assert.equal((await policyOf('test'))?.ingress, undefined)
    assert.deepEqual(ports((await policyOf('courier', { courier }))?.ingress), ['http', 'metrics'])
  })

  it('let out what each pod must reach', async () => {
    assert.deepEqual(ports((await policyOf('relay'))?.egress), ['53,53', '6379', '6500,6501'])
    assert.deepEqual(ports((await policyOf('control'))?.egress), ['53,53', '6379', '5347', '6500,socks', '7777'])
    assert.equal((await policyOf('redis'))?.egress, undefined)
    assert.deepEqual(ports((await policyOf('courier', { courier }))?.egress), ['53,53', '5347', '7777', 'socks'])
  })

  it('hold both ways for every pod', async () => {
    for (const component of ['control', 'relay', 'redis', 'test']) {
      assert.deepEqual((await policyOf(component))?.policyTypes, ['Ingress', 'Egress'], component)
    }
  })
})
