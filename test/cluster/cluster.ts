import { type RunOptions, runProgram } from './program.ts'

/** A container image that the tests build. */
interface Image {
  readonly tag: string
  readonly context: string
  readonly file: string
}

/** Images by their use; their tags are also in the manifests. */
export const images = {
  splice65: { tag: 'localhost/splice65:test', context: '.', file: 'deploy/Dockerfile' },
  prosody: { tag: 'localhost/splice65-prosody:test', context: 'deploy/prosody', file: 'deploy/prosody/Dockerfile' },
  prometheus: {
    tag: 'localhost/splice65-prometheus:test',
    context: 'test/cluster/prometheus',
    file: 'test/cluster/prometheus/Dockerfile',
  },
} as const satisfies Record<string, Image>

/**
 * The cluster that the tests run on. The environment names the programs that reach it, each a command with arguments:
 *
 * - `KUBECTL`, `HELM`: default `kubectl` and `helm`.
 * - `BUILD_IMAGE`: is given a context, a Dockerfile and a tag. Needed.
 * - `LOAD_IMAGE`: is given tags, and gives the images to every node. Needed.
 * - `OUTSIDE`: is given a command, and runs it where clients of the cluster are. Default: right here.
 * - `GIVE_ADDRESS`: is given a namespace, a Service of type LoadBalancer and a node, and gives the Service an address
 *   that leads there. Default: nothing, for a cluster that has a load balancer.
 */
export interface Cluster {
  /** Runs kubectl; returns what it prints. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>
  /** Runs helm; returns what it prints. */
  helm(args: readonly string[], options?: RunOptions): Promise<string>
  /** What comes before a command of a client. */
  readonly outside: readonly string[]
  /** Addresses of the nodes that take pods, as clients know them, by the nodes' names. */
  readonly nodes: ReadonlyMap<string, string>
  /** Has a Service of type LoadBalancer get an address that leads to a node. */
  giveAddress(namespace: string, service: string, node: string): Promise<void>
  /** Builds an image as its sources are now, and gives it to the nodes. */
  provide(image: Image): Promise<void>
}

/** Finds the cluster that the environment names. Throws when it names none, or one that does not answer. */
export async function openCluster(env: NodeJS.ProcessEnv = process.env): Promise<Cluster> {
  const words = (variable: string, otherwise?: string) => {
    const value = env[variable] || otherwise
    if (value === undefined)
      throw new Error(`Cannot test on a cluster: ${variable} is not set; see test/cluster/cluster.ts`)
    return value.split(/\s+/).filter((word) => word !== '')
  }
  const [kubectl, helm] = [words('KUBECTL', 'kubectl'), words('HELM', 'helm')]
  const [build, load] = [words('BUILD_IMAGE'), words('LOAD_IMAGE')]
  const give = words('GIVE_ADDRESS', '')
  const runKubectl: Cluster['kubectl'] = (args, options) => runProgram([...kubectl, ...args], options)
  return {
    kubectl: runKubectl,
    helm: (args, options) => runProgram([...helm, ...args], options),
    outside: words('OUTSIDE', ''),
    nodes: addressesOf(JSON.parse(await runKubectl(['get', 'nodes', '--output=json']))),
    async giveAddress(...of) {
      if (give.length > 0) await runProgram([...give, ...of])
    },
    async provide({ tag, context, file }) {
      await runProgram([...build, context, file, tag], { timeoutMs: 600_000 })
      await runProgram([...load, tag], { timeoutMs: 600_000 })
    },
  }
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string }
    readonly spec: { readonly taints?: readonly { readonly effect: string }[] }
    readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] }
  }[]
}

function addressesOf({ items }: NodeList): Map<string, string> {
  const open = items.filter(({ spec }) => !spec.taints?.some(({ effect }) => effect !== 'PreferNoSchedule'))
  return new Map(
    open.map(({ metadata, status }) => {
      const of = (type: string) => status.addresses.find((each) => each.type === type)?.address
      return [metadata.name, of('ExternalIP') ?? of('InternalIP') ?? metadata.name]
    }),
  )
}
