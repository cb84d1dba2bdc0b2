import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ChartValues } from '../../deploy/chart/values.ts'
import { courier } from './everything.ts'
import { fullname, namespace, render } from './render.ts'

const redisOfTheirs = { builtin: { enabled: false }, existingSecret: 'redis' }

/** Each switch: the values of off and of on, and the objects that only the latter has. */
const switches: Readonly<Record<string, { off: ChartValues; on: ChartValues; adds: readonly string[] }>> = {
  'redis.builtin.enabled': {
    off: { redis: redisOfTheirs },
    on: {},
    adds: ['Deployment/{}-redis', 'Secret/{}-redis', 'Service/{}-redis'],
  },
  'redis.url': {
    off: { redis: redisOfTheirs },
    on: { redis: { builtin: { enabled: false }, url: 'redis://redis.example.com' } },
    adds: ['Secret/{}-redis'],
  },
  'component.secret': {
    off: {},
    on: { component: { existingSecret: '', secret: 'not-a-secret' } },
    adds: ['Secret/{}-component'],
  },
  'rpc.token.existingSecret': {
    off: { rpc: { token: { existingSecret: 'token' } } },
    on: {},
    adds: ['Secret/{}-token'],
  },
  'rpc.tls.enabled': {
    off: {},
    on: { rpc: { tls: { enabled: true } } },
    adds: ['Certificate/{}-ca', 'Certificate/{}-tls', 'Issuer/{}-ca', 'Issuer/{}-self-signed'],
  },
  'rpc.tls.certManager.issuerRef': {
    off: {},
    on: { rpc: { tls: { enabled: true, certManager: { issuerRef: { name: 'internal' } } } } },
    adds: ['Certificate/{}-tls'],
  },
  'rpc.tls.existingSecret': {
    off: {},
    on: { rpc: { tls: { enabled: true, existingSecret: 'tls' } } },
    adds: [],
  },
  'control.podDisruptionBudget.enabled': {
    off: { control: { podDisruptionBudget: { enabled: false } } },
    on: {},
    adds: ['PodDisruptionBudget/{}-control'],
  },
  'courier.enabled': {
    off: {},
    on: { courier },
    adds: [
      ...['ConfigMap/{}-courier', 'PodDisruptionBudget/{}-courier', 'Secret/{}-upload', 'Service/{}-courier'],
      ...['Service/{}-courier-metrics', 'ServiceAccount/{}-courier', 'StatefulSet/{}-courier'],
    ],
  },
  'courier.ingress.enabled': {
    off: { courier },
    on: { courier: { ...courier, ingress: { enabled: true, host: 'files.example.com' } } },
    adds: ['Ingress/{}-courier'],
  },
  'courier.uploadSecret.existingSecret': {
    off: { courier: { ...courier, uploadSecret: { existingSecret: 'upload' } } },
    on: { courier },
    adds: ['Secret/{}-upload'],
  },
  'networkPolicy.enabled, with a courier': {
    off: { courier },
    on: { courier, networkPolicy: { enabled: true } },
    adds: ['control', 'courier', 'redis', 'relay', 'test'].map((name) => `NetworkPolicy/{}-${name}`),
  },
  'monitoring.serviceMonitor.enabled, with a courier': {
    off: { courier },
    on: { courier, monitoring: { serviceMonitor: { enabled: true } } },
    adds: ['ServiceMonitor/{}-control', 'ServiceMonitor/{}-courier'],
  },
  'relay.podDisruptionBudget.enabled': {
    off: { relay: { podDisruptionBudget: { enabled: false } } },
    on: {},
    adds: ['PodDisruptionBudget/{}-relay'],
  },
  'control.serviceAccount.create': {
    off: { control: { serviceAccount: { create: false } } },
    on: {},
    adds: ['ServiceAccount/{}-control'],
  },
  'relay.serviceAccount.create': {
    off: { relay: { serviceAccount: { create: false } } },
    on: {},
    adds: ['ServiceAccount/{}-relay'],
  },
  'relay.autoscaling.enabled': {
    off: {},
    on: { relay: { autoscaling: { enabled: true } } },
    adds: ['HorizontalPodAutoscaler/{}-relay'],
  },
  'relay.autoscaling.keda.enabled': {
    off: {},
    on: { relay: { autoscaling: { enabled: true, keda: { enabled: true } } } },
    adds: ['ScaledObject/{}-relay'],
  },
  'networkPolicy.enabled': {
    off: {},
    on: { networkPolicy: { enabled: true } },
    adds: ['NetworkPolicy/{}-control', 'NetworkPolicy/{}-redis', 'NetworkPolicy/{}-relay', 'NetworkPolicy/{}-test'],
  },
  'monitoring.podMonitor.enabled': {
    off: {},
    on: { monitoring: { podMonitor: { enabled: true } } },
    adds: ['PodMonitor/{}-relay'],
  },
  'monitoring.serviceMonitor.enabled': {
    off: {},
    on: { monitoring: { serviceMonitor: { enabled: true } } },
    adds: ['ServiceMonitor/{}-control'],
  },
  'monitoring.rules.enabled': {
    off: {},
    on: { monitoring: { rules: { enabled: true } } },
    adds: ['PrometheusRule/{}'],
  },
  'monitoring.dashboards.enabled': {
    off: {},
    on: { monitoring: { dashboards: { enabled: true } } },
    adds: ['ConfigMap/{}-dashboards'],
  },
}

describe('a switch of the chart', () => {
  for (const [name, { off, on, adds }] of Object.entries(switches)) {
    it(`adds what it says, and only that: ${name}`, async () => {
      const [without, with_] = await Promise.all([render(off), render(on)])
      const before = new Set(without.names())
      assert.deepEqual(
        with_.names().filter((it) => !before.has(it)),
        adds.map((it) => it.replace('{}', fullname)),
      )
      assert.deepEqual(
        without.names().filter((it) => !with_.names().includes(it)),
        [],
      )
    })
  }
})

describe('helm/splice65', () => {
  it('keeps to its namespace, its labels and its names', async () => {
    const { objects } = await render({ commonLabels: { owner: 'xmpp' }, fullnameOverride: 'transfers' })
    for (const { kind, metadata } of objects) {
      assert.match(metadata.name, /^transfers-/, kind)
      assert.equal(metadata.namespace, undefined, `${kind} ${metadata.name} would go elsewhere than ${namespace}`)
      assert.equal(metadata.labels?.['app.kubernetes.io/instance'], 'proxy', `${kind} ${metadata.name}`)
      assert.equal(metadata.labels?.owner, 'xmpp', `${kind} ${metadata.name}`)
    }
  })

  it('has names that leave room for a suffix', async () => {
    const { objects } = await render({ fullnameOverride: 'x'.repeat(80) })
    for (const { kind, metadata } of objects) assert.ok(metadata.name.length <= 58, `${kind} ${metadata.name}`)
  })
})
