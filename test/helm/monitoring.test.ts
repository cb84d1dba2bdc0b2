import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor'
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IService } from 'kubernetes-models/v1/Service'
import { parse } from 'yaml'
import { describeMetrics } from '../../deploy/monitoring/metrics-page.ts'
import { unknownMetricsIn } from '../../deploy/monitoring/named-metrics.ts'
import { runForMetrics } from '../../deploy/monitoring/service-metrics.ts'
import { chartFolder, fullname, render } from './render.ts'

const watched = {
  monitoring: {
    podMonitor: { enabled: true },
    serviceMonitor: { enabled: true },
    rules: { enabled: true },
    dashboards: { enabled: true, namespace: 'grafana' },
  },
}

/** Whether labels have everything that a selector asks for. */
function selects(selector: Record<string, string> = {}, labels: Record<string, string> = {}): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}

describe('the monitors', () => {
  it('find relays by their pods, and control by its Service', async () => {
    const rendering = await render(watched)
    const relay = rendering.get<IStatefulSet>('StatefulSet', `${fullname}-relay`).spec?.template
    const control = rendering.get<IService>('Service', `${fullname}-control-rpc`)
    const pods = rendering.get<IPodMonitor>('PodMonitor', `${fullname}-relay`).spec
    const services = rendering.get<IServiceMonitor>('ServiceMonitor', `${fullname}-control`).spec
    assert.ok(selects(pods?.selector.matchLabels, relay?.metadata?.labels))
    assert.ok(selects(services?.selector.matchLabels, control.metadata?.labels))

    const [port] = pods?.podMetricsEndpoints ?? []
    assert.ok(relay?.spec?.containers[0]?.ports?.some(({ name }) => name === port?.port))
    const target = control.spec?.ports?.find(({ name }) => name === services?.endpoints[0]?.port)?.targetPort
    const replica = rendering.get<IDeployment>('Deployment', `${fullname}-control`).spec?.template
    assert.ok(replica?.spec?.containers[0]?.ports?.some(({ name }) => name === target))
    assert.ok(selects(control.spec?.selector, replica?.metadata?.labels))
  })
})

describe('the rules', () => {
  const rulesOf = async (runbookUrl?: string) => {
    const rules = { enabled: true, ...(runbookUrl && { runbookUrl }) }
    return (await render({ monitoring: { rules } })).get<IPrometheusRule>('PrometheusRule', fullname).spec
  }

  it('are those of the project, word for word', async () => {
    assert.deepEqual(await rulesOf(), parse(await readFile(join(chartFolder, 'files/rules.yaml'), 'utf8')))
  })

  it('lead to the runbook that the values name', async () => {
    const text = JSON.stringify(await rulesOf('https://wiki.example.com/proxy'))
    assert.match(text, /"runbook_url":"https:\/\/wiki\.example\.com\/proxy#/)
    assert.doesNotMatch(text, /github\.com/)
  })
})

describe('the queries of KEDA', () => {
  it('ask for metrics that relays have', async () => {
    await using services = await runForMetrics()
    const known = describeMetrics(services.relay)
    for (const metric of ['bytestreams', 'bytesPerSecond'] as const) {
      const keda = { enabled: true, serverAddress: 'http://prometheus:9090' }
      const rendering = await render({ relay: { autoscaling: { enabled: true, metric, keda } } })
      const [trigger] = rendering.get<IScaledObject>('ScaledObject', `${fullname}-relay`).spec?.triggers ?? []
      assert.deepEqual(unknownMetricsIn(trigger?.metadata.query ?? assert.fail('no query'), known), [])
    }
  })
})

describe('the dashboards', () => {
  it('are those of the project, where the sidecar looks', async () => {
    const { metadata, data = {} } = (await render(watched)).get<IConfigMap>('ConfigMap', `${fullname}-dashboards`)
    assert.equal(metadata?.labels?.grafana_dashboard, '1')
    assert.equal(metadata?.namespace, 'grafana')
    const folder = join(chartFolder, 'files/dashboards')
    const files = await readdir(folder)
    assert.deepEqual(Object.keys(data).sort(), files.map((file) => `splice65-${file}`).sort())
    for (const file of files) assert.equal(data[`splice65-${file}`], await readFile(join(folder, file), 'utf8'))
  })
})
