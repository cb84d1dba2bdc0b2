import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { balancedService, nodeWith } from '../../../test/support/kubernetes-api.ts'
import { Failure, type FailureCode } from '../../shared/bytestream/failure.ts'
import { type FindAddressOptions, findAddressBy } from './find-address.ts'
import type { KubernetesApi, KubernetesObject } from './kubernetes.ts'

const failure =
  (code: FailureCode, says = /./) =>
  (error: unknown) =>
    error instanceof Failure && error.code === code && says.test(error.message)

const nameOf = (object: KubernetesObject) =>
  object.resource === 'nodes' ? object.name : `${object.namespace}/${object.name}`

/** Finds the address of `splice65-relay-2`, in a cluster that holds these objects. */
function finder(options: Partial<FindAddressOptions>, objects: Record<string, object> = {}) {
  const kubernetes: KubernetesApi = {
    async read(object) {
      const found = objects[nameOf(object)]
      if (!found) throw new Failure('not-found', `no ${nameOf(object)}`)
      return found
    },
    namespace: async () => 'here',
  }
  return findAddressBy({ kubernetes }, { pod: 'splice65-relay-2', publicAddressFrom: 'option', ...options })
}

describe('findAddressBy() options', () => {
  it('is what the options say for this pod, by default at the port that it listens on', async () => {
    const find = finder({ publicHost: '{pod}.Example.com' })
    assert.deepEqual(await find(7778), { host: 'splice65-relay-2.example.com', port: 7778 })
    const row = finder({ publicHost: 'proxy.example.com', publicPort: '30777+{ordinal}' })
    assert.deepEqual(await row(7778), { host: 'proxy.example.com', port: 30779 })
  })

  it('takes IPv6 with and without brackets', async () => {
    for (const publicHost of ['[2001:DB8::0:1]', '2001:db8::1']) {
      assert.deepEqual(await finder({ publicHost })(1), { host: '2001:db8::1', port: 1 })
    }
  })

  it('refuses at once what leads to no address', () => {
    const refused: [options: Partial<FindAddressOptions>, says: RegExp][] = [
      [{}, /RELAY_PUBLIC_HOST/],
      [{ publicHost: 'relay:7777' }, /relay:7777/],
      [{ publicHost: '{node}.example.com' }, /\{node\}/],
      [{ publicHost: 'r{ordinal}.example.com', pod: 'laptop' }, /laptop/],
      [{ publicHost: 'r.example.com', publicPort: '65535+{ordinal}' }, /65535/],
      [{ publicAddressFrom: 'node' }, /RELAY_NODE_NAME/],
      [{ publicAddressFrom: 'service' }, /RELAY_PUBLIC_SERVICE/],
    ]
    for (const [options, says] of refused) assert.throws(() => finder(options), failure('malformed', says))
  })
})

describe('findAddressBy() a node', () => {
  const options = { publicAddressFrom: 'node', nodeName: 'worker-1' } as const
  const withNode = (addresses: Record<string, string>, more: Partial<FindAddressOptions> = {}) =>
    finder({ ...options, ...more }, { 'worker-1': nodeWith(addresses) })

  it('is its ExternalIP, or else its ExternalDNS, at the port that the relay listens on', async () => {
    const both = { InternalIP: '10.0.0.1', ExternalDNS: 'W1.example.com', ExternalIP: '192.0.2.1' }
    assert.deepEqual(await withNode(both)(7778), { host: '192.0.2.1', port: 7778 })
    assert.deepEqual(await withNode({ ExternalDNS: 'W1.example.com' })(7778), { host: 'w1.example.com', port: 7778 })
    assert.deepEqual(await withNode({ ExternalIP: '2001:DB8::1' })(1), { host: '2001:db8::1', port: 1 })
  })

  it('can be at a row of ports', async () => {
    const find = withNode({ ExternalIP: '192.0.2.1' }, { publicPort: '30777+{ordinal}' })
    assert.deepEqual(await find(7778), { host: '192.0.2.1', port: 30779 })
  })

  it('is the given host where the node has no external address', async () => {
    const find = withNode({ InternalIP: '10.0.0.1' }, { publicHost: '{pod}.example.com' })
    assert.deepEqual(await find(7778), { host: 'splice65-relay-2.example.com', port: 7778 })
    await assert.rejects(withNode({ InternalIP: '10.0.0.1' })(7778), failure('not-ready', /RELAY_PUBLIC_HOST/))
  })
})

describe('findAddressBy() a Service', () => {
  const options = { publicAddressFrom: 'service', publicService: 'splice65-relay-{ordinal}' } as const
  const withService = (service: object, more: Partial<FindAddressOptions> = {}, objects = {}) =>
    finder({ ...options, ...more }, { 'here/splice65-relay-2': service, ...objects })

  it('is that of its load balancer, once it has one', async () => {
    assert.deepEqual(await withService(balancedService({ ip: '192.0.2.7' }))(7778), { host: '192.0.2.7', port: 7777 })
    const named = withService(balancedService({ hostname: 'LB-7.example.com' }), { publicPort: '443' })
    assert.deepEqual(await named(7778), { host: 'lb-7.example.com', port: 443 })
    await assert.rejects(withService(balancedService())(7778), failure('not-ready', /here\/splice65-relay-2.*pending/))
  })

  it('is that of the node at its node port', async () => {
    const service = { spec: { type: 'NodePort', ports: [{ port: 7777, nodePort: 30_777 }] }, status: {} }
    const find = withService(service, { nodeName: 'worker-1' }, { 'worker-1': nodeWith({ ExternalIP: '192.0.2.1' }) })
    assert.deepEqual(await find(7778), { host: '192.0.2.1', port: 30_777 })
    await assert.rejects(withService(service)(7778), failure('malformed', /RELAY_NODE_NAME/))
  })

  it('is none where the world outside cannot reach it, or where it is not', async () => {
    const service = { spec: { type: 'ClusterIP', ports: [{ port: 7777 }] }, status: { loadBalancer: {} } }
    await assert.rejects(withService(service)(7778), failure('not-ready', /of no type/))
    await assert.rejects(withService(service, { namespace: 'elsewhere' })(7778), failure('not-found'))
  })
})
