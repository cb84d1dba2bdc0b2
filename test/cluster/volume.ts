import { readFile } from 'node:fs/promises'
import { images } from './cluster.ts'
import type { Namespace } from './namespace.ts'

/** A volume of the namespace's own, on clusters that make none by themselves. It is gone once it is disposed of. */
export interface Volume extends AsyncDisposable {
  readonly claim: string
  /** The chart's `initContainers` that make it writable for the services' user: a folder of a node belongs to root. */
  readonly owning: readonly object[]
}

const claim = 'parcels'
const mount = { name: 'data', mountPath: '/data' }
const asRoot = { runAsUser: 0, runAsGroup: 0, runAsNonRoot: false }

/** Makes the volume on one of the nodes. Whoever opens it disposes of it, before the namespace and after its pods. */
export async function openVolume(namespace: Namespace): Promise<Volume> {
  const { name, cluster } = namespace
  const [node] = cluster.nodes.keys()
  if (node === undefined) throw new Error('Cannot make a volume: there is no node that takes pods')
  const manifest = await readFile(new URL('manifests/courier-volume.yaml', import.meta.url), 'utf8')
  await cluster.kubectl(['apply', '--filename=-'], {
    input: manifest.replaceAll('NAME', name).replaceAll('NODE', node),
  })
  return {
    claim,
    owning: [container('own', `fs.chownSync('/data', 1000, 1000)`)],
    async [Symbol.asyncDispose]() {
      // Nobody else takes the files away: the volume is only a name for the node's folder.
      await runOnce(
        namespace,
        `for (const each of fs.readdirSync('/data')) fs.rmSync('/data/' + each, { recursive: true })`,
      )
      await namespace.kubectl(['delete', `pvc/${claim}`])
      await cluster.kubectl(['delete', `pv/${name}`])
    },
  }
}

function container(name: string, expression: string): object {
  const command = ['node', '--eval', expression]
  return { name, image: images.splice65.tag, command, securityContext: asRoot, volumeMounts: [mount] }
}

/** Runs something as root beside the volume, to its end. */
async function runOnce(namespace: Namespace, expression: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sweep' },
    spec: {
      restartPolicy: 'Never',
      containers: [container('sweep', expression)],
      volumes: [{ name: mount.name, persistentVolumeClaim: { claimName: claim } }],
    },
  }
  await namespace.kubectl(['apply', '--filename=-'], { input: JSON.stringify(pod) })
  await namespace.kubectl(['wait', 'pod/sweep', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s'])
  await namespace.kubectl(['delete', 'pod/sweep'])
}
