import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { messageOf } from '../../services/shared/bytestream/failure.ts'
import type { Cluster } from './cluster.ts'
import type { RunOptions } from './program.ts'

/** A pod, as far as the tests look at it. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly nodeName?: string }
  readonly status: {
    readonly podIP?: string
    readonly hostIP?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

/** A namespace of the test's own. It is gone, with all it holds, once it is disposed of. */
export interface Namespace extends AsyncDisposable {
  readonly name: string
  readonly cluster: Cluster
  /** kubectl and helm in this namespace. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>
  helm(args: readonly string[], options?: RunOptions): Promise<string>
  /** Applies one of the files in `manifests/`, and waits until this Deployment of it is available. */
  apply(manifest: string, deployment: string): Promise<void>
  /** The pods that a label selector chooses, in the order of their names. */
  pods(selector: string): Promise<Pod[]>
  /** Waits until these objects, such as `pod/NAME`, are gone. */
  gone(objects: readonly string[], timeoutSeconds?: number): Promise<void>
  /** What a GET of a pod's or Service's port answers, by way of the API server: `pods/NAME:PORT`. */
  get(target: string, path: string): Promise<string>
  /** Does something; when that fails, the error also says how everything here stands. */
  explain<T>(work: () => Promise<T>): Promise<T>
}

export async function openNamespace(cluster: Cluster): Promise<Namespace> {
  const name = `splice65-${randomBytes(4).toString('hex')}`
  await cluster.kubectl(['create', 'namespace', name])
  const kubectl: Namespace['kubectl'] = (args, options) => cluster.kubectl(['--namespace', name, ...args], options)
  return {
    name,
    cluster,
    kubectl,
    helm: (args, options) => cluster.helm(['--namespace', name, ...args], options),
    async apply(manifest, deployment) {
      const input = await readFile(new URL(`manifests/${manifest}`, import.meta.url), 'utf8')
      await kubectl(['apply', '--filename=-'], { input })
      await kubectl(['rollout', 'status', `deployment/${deployment}`, '--timeout=90s'])
    },
    async pods(selector) {
      const { items }: { items: Pod[] } = JSON.parse(
        await kubectl(['get', 'pods', `--selector=${selector}`, '--output=json']),
      )
      return items.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    },
    async gone(objects, timeoutSeconds = 120) {
      // One that is gone already is what was asked for, and kubectl's wait calls that an error.
      if (objects.length > 0)
        await kubectl(['wait', '--for=delete', `--timeout=${timeoutSeconds}s`, ...objects]).catch(unlessGone)
    },
    get: (target, path) => cluster.kubectl(['get', '--raw', `/api/v1/namespaces/${name}/${target}/proxy${path}`]),
    async explain(work) {
      try {
        return await work()
      } catch (cause) {
        const message = messageOf(cause)
        throw new Error(`${message}\n\n${await describe(kubectl).catch(String)}`, { cause })
      }
    },
    async [Symbol.asyncDispose]() {
      await cluster.kubectl(['delete', 'namespace', name, '--timeout=120s'])
    },
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Error) || !/not ?found/i.test(error.message)) throw error
}

/** What an engineer asks first: pods, events, and the end of every container's log. */
async function describe(kubectl: Namespace['kubectl']): Promise<string> {
  const pods = (await kubectl(['get', 'pods', '--output=name'])).split('\n').filter((pod) => pod !== '')
  const parts = await Promise.all([
    kubectl(['get', 'pods,services', '--output=wide']),
    kubectl(['get', 'events', '--sort-by=.lastTimestamp']),
    ...pods.map((pod) => kubectl(['logs', pod, '--tail=40', '--all-containers', '--prefix']).catch(String)),
  ])
  return parts.join('\n')
}
