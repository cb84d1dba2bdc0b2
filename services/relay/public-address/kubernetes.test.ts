import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type FakeKubernetes, nodeWith, startKubernetes } from '../../../test/support/kubernetes-api.ts'
import { Failure, type FailureCode } from '../../shared/bytestream/failure.ts'
import { accessOfPod, openKubernetes } from './kubernetes.ts'

const node = { resource: 'nodes', name: 'worker-1' } as const
const service = { resource: 'services', name: 'relay-0', namespace: 'transfer' } as const

const fails = (code: FailureCode, says: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === code && says.test(error.message)

describe('openKubernetes()', () => {
  let server: FakeKubernetes
  before(async () => {
    server = await startKubernetes()
    server.answers.set('/api/v1/nodes/worker-1', nodeWith({ ExternalIP: '192.0.2.1' }))
  })
  after(() => server[Symbol.asyncDispose]())

  it('reads objects with the pod’s token, and knows the pod’s namespace', async () => {
    const api = openKubernetes(server.access)
    assert.deepEqual(await api.read(node), nodeWith({ ExternalIP: '192.0.2.1' }))
    server.answers.set('/api/v1/namespaces/transfer/services/relay-0', { kind: 'Service' })
    assert.deepEqual(await api.read(service), { kind: 'Service' })
    assert.equal(await api.namespace(), 'transfer')
  })

  it('takes the token anew for each request', async () => {
    const api = openKubernetes(server.access)
    await server.rotateToken('second token', { folderToo: false })
    await assert.rejects(api.read(node), fails('unavailable', /Cannot read node worker-1: .* HTTP 401/))
    await server.rotateToken('third token')
    assert.ok(await api.read(node))
  })

  it('says which right is missing', async () => {
    const api = openKubernetes(server.access)
    server.answers.set('/api/v1/nodes/secret', 403)
    server.answers.set('/api/v1/namespaces/transfer/services/secret', 403)
    await assert.rejects(
      api.read({ ...node, name: 'secret' }),
      fails('forbidden', /Cannot read node secret.* ClusterRole with .*resources: \["nodes"\], verbs: \["get"\]/),
    )
    await assert.rejects(
      api.read({ ...service, name: 'secret' }),
      fails('forbidden', /Service transfer\/secret.* Role in namespace transfer with .*resources: \["services"\]/),
    )
  })

  it('tells what is not there from what cannot be asked', async () => {
    const api = openKubernetes(server.access)
    await assert.rejects(api.read({ ...node, name: 'nobody' }), fails('not-found', /node nobody: there is none/))
    server.answers.set('/api/v1/nodes/broken', 500)
    await assert.rejects(api.read({ ...node, name: 'broken' }), fails('unavailable', /HTTP 500/))
    await server.pause()
    await assert.rejects(api.read(node), fails('unavailable', /Cannot read node worker-1 at 127\.0\.0\.1 port \d+:/))
    await server.resume()
    assert.ok(await api.read(node))
  })

  it('asks nobody whose certificate the cluster’s authority has not signed', async () => {
    await using other = await startKubernetes()
    const api = openKubernetes({ ...server.access, port: other.access.port })
    await assert.rejects(api.read(node), fails('unavailable', /certificate/))
    assert.deepEqual(other.asked, [])
  })

  it('says what a pod lacks that may not ask', async () => {
    await using other = await startKubernetes()
    const { host, port } = accessOfPod({ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '443' })
    assert.deepEqual([host, port], ['127.0.0.1', '443'])
    await assert.rejects(openKubernetes(accessOfPod({})).read(node), fails('unavailable', /KUBERNETES_SERVICE_HOST/))
    const api = openKubernetes({ ...other.access, folder: join(other.access.folder, 'absent') })
    await assert.rejects(api.read(node), fails('unavailable', /no token in .*automountServiceAccountToken/))
  })

  it('refuses an answer without end', async () => {
    await using other = await startKubernetes()
    const api = openKubernetes(other.access)
    other.answers.set('/api/v1/nodes/worker-1', { pad: 'x'.repeat(5 << 20) })
    await assert.rejects(api.read(node), fails('unavailable', /longer than/))
  })
})
