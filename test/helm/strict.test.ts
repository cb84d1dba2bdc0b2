import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ChartValues } from '../../deploy/chart/values.ts'
import { helmMajors } from '../support/helm.ts'
import { everything } from './everything.ts'
import { modes } from './modes.ts'
import { type KubernetesObject, render } from './render.ts'
import { strictFaults } from './strict.ts'

/** The oldest that the chart is for, the last with other APIs, and what Helm assumes. */
const kubeVersions = ['1.20.15', '1.22.17', undefined]

describe('helm/splice65', () => {
  it('renders nothing that Kubernetes does not know', async () => {
    const objects: KubernetesObject[] = []
    for (const values of Object.values<ChartValues>({ ...modes, ...everything })) {
      objects.push(...(await render(values)).objects)
    }
    for (const helm of helmMajors) {
      for (const kubeVersion of kubeVersions) {
        for (const values of Object.values(everything)) {
          objects.push(...(await render(values, { helm, ...(kubeVersion && { kubeVersion }) })).objects)
        }
      }
    }
    const faults = await strictFaults(distinct(objects))
    assert.deepEqual(faults, [])
  })
})

describe('strictFaults()', () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'socks' },
    spec: { ports: [{ port: 7777, protocol: 'TCP' }] },
  }

  it('finds none in an object that is right', async () => {
    assert.deepEqual(await strictFaults([service]), [])
  })

  it('names fields that nobody knows, values of another type, and what is missing', async () => {
    const [unknown, ill, missing] = await Promise.all([
      strictFaults([{ ...service, spec: { ...service.spec, externalTrafic: 'Local' } } as KubernetesObject]),
      strictFaults([{ ...service, spec: { ports: [{ port: '7777' }] } } as KubernetesObject]),
      strictFaults([{ ...service, spec: { ports: [{ protocol: 'TCP' }] } } as KubernetesObject]),
    ])
    assert.match(unknown.join('\n'), /Service socks: .*externalTrafic/)
    assert.match(ill.join('\n'), /Service socks: .*port/)
    assert.match(missing.join('\n'), /Service socks: .*port/)
  })
})

/** Each text once: most objects are the same whatever was asked for. */
function distinct(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return [...new Map(objects.map((object) => [JSON.stringify(object), object])).values()]
}
