import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { join } from 'node:path'
import { Failure, messageOf } from '../../shared/bytestream/failure.ts'

/** One object of the core API group. */
export type KubernetesObject =
  | { readonly resource: 'nodes'; readonly name: string }
  | { readonly resource: 'services'; readonly name: string; readonly namespace: string }

/** The API server as a pod may ask it. */
export interface KubernetesApi {
  /** Reads one object. Throws a `Failure`: `forbidden` names the missing right, `not-found`, `unavailable`. */
  read(object: KubernetesObject): Promise<unknown>
  /** The namespace of this pod. Throws `unavailable`. */
  namespace(): Promise<string>
}

/** Where a pod finds the API server, and the folder of its service account. */
export interface KubernetesAccess {
  readonly host: string | undefined
  readonly port: string | undefined
  /** Holds `token`, `ca.crt` and `namespace`; the kubelet replaces the token as it expires. */
  readonly folder: string
}

const TIMEOUT_MS = 5_000
/** A node lists its images in its status: some hundred kilobytes are nothing unusual. */
const MOST_BYTES = 4 << 20

/** What the kubelet gives every pod that may ask the API server. */
export function accessOfPod(env: Readonly<Record<string, string | undefined>>): KubernetesAccess {
  return {
    host: env.KUBERNETES_SERVICE_HOST,
    port: env.KUBERNETES_SERVICE_PORT,
    folder: '/var/run/secrets/kubernetes.io/serviceaccount',
  }
}

/** The API server, asked with the pod's service account; every request reads the token and the authority anew. */
export function openKubernetes({ host, port, folder }: KubernetesAccess): KubernetesApi {
  async function fileOf(name: string): Promise<string> {
    try {
      return (await readFile(join(folder, name), 'utf8')).trim()
    } catch (cause) {
      const advice = 'the pod needs a service account with automountServiceAccountToken: true'
      throw new Failure('unavailable', `Cannot ask the Kubernetes API: no ${name} in ${folder}; ${advice}`, { cause })
    }
  }

  async function read(object: KubernetesObject): Promise<unknown> {
    if (!host || !port) {
      throw new Failure('unavailable', 'Cannot ask the Kubernetes API: KUBERNETES_SERVICE_HOST and _PORT are not set')
    }
    const token = await fileOf('token')
    const ca = await fileOf('ca.crt')
    try {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const request = get({ host, port, path: pathOf(object), ca, headers, signal, agent: false })
      const [response]: IncomingMessage[] = await once(request, 'response', { signal })
      if (!response) throw new Error('it did not answer')
      const body = await bodyOf(response)
      if (response.statusCode === 200) return JSON.parse(body)
      throw refusal(object, response.statusCode)
    } catch (cause) {
      if (cause instanceof Failure) throw cause
      const detail = messageOf(cause)
      throw new Failure('unavailable', `Cannot read ${nameOf(object)} at ${host} port ${port}: ${detail}`, { cause })
    }
  }

  return { read, namespace: () => fileOf('namespace') }
}

function pathOf(object: KubernetesObject): string {
  const within = object.resource === 'services' ? `/namespaces/${encodeURIComponent(object.namespace)}` : ''
  return `/api/v1${within}/${object.resource}/${encodeURIComponent(object.name)}`
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refusal(object: KubernetesObject, status: number | undefined): Failure {
  const attempt = `Cannot read ${nameOf(object)}`
  switch (status) {
    case 403:
      return new Failure('forbidden', `${attempt}: the service account lacks a right; ${missingRule(object)}`)
    case 404:
      return new Failure('not-found', `${attempt}: there is none of this name`)
    default:
      return new Failure('unavailable', `${attempt}: the Kubernetes API answers HTTP ${status}`)
  }
}

function missingRule(object: KubernetesObject): string {
  const [role, where] =
    object.resource === 'nodes' ? ['ClusterRole', ''] : ['Role', ` in namespace ${object.namespace}`]
  return `bind it to a ${role}${where} with {apiGroups: [""], resources: ["${object.resource}"], verbs: ["get"]}`
}

function nameOf(object: KubernetesObject): string {
  return object.resource === 'nodes' ? `node ${object.name}` : `Service ${object.namespace}/${object.name}`
}
