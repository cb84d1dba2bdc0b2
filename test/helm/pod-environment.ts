import { writeFile } from 'node:fs/promises'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { ISecret } from 'kubernetes-models/v1/Secret'
import type { Folder } from '../../deploy/local/folder.ts'
import type { Environment } from '../../services/shared/runtime/options.ts'
import { fullname, namespace, type Rendering } from './render.ts'

/** What the kubelet would fill in. */
const fields: Readonly<Record<string, string>> = {
  'metadata.name': `${fullname}-relay-1`,
  'metadata.namespace': namespace,
  'status.podIP': '10.244.1.7',
  'status.hostIP': '10.99.0.11',
  'spec.nodeName': 'node1',
}

/**
 * The environment that the first container of a pod would have, as the kubelet makes it: variables of ConfigMaps, then
 * its own, `$(OTHER)` filled in. Where a variable names the file of a Secret that the chart renders, it names a copy
 * in `folder`; a Secret of the user's own has `anotherSecret` in every key.
 */
export async function podEnvironment(rendering: Rendering, pod: IPodSpec, folder: Folder): Promise<Environment> {
  const [container] = pod.containers
  if (!container) throw new Error('the pod has no container')
  const env: Record<string, string> = {}
  for (const { configMapRef } of container.envFrom ?? []) {
    if (configMapRef?.name) Object.assign(env, rendering.get<IConfigMap>('ConfigMap', configMapRef.name).data)
  }
  for (const { name, value = '', valueFrom } of container.env ?? []) {
    const field = valueFrom?.fieldRef?.fieldPath
    const text = field === undefined ? value : fields[field]
    if (text === undefined) throw new Error(`${name} is taken from ${field}, which no pod has`)
    env[name] = text.replace(/\$\((\w+)\)/g, (whole, other: string) => env[other] ?? whole)
  }
  for (const mount of container.volumeMounts ?? []) {
    const secret = pod.volumes?.find((volume) => volume.name === mount.name)?.secret
    for (const { key, path } of secret?.items ?? []) {
      const name = Object.keys(env).find((it) => env[it] === `${mount.mountPath}/${path}`)
      if (name === undefined) continue
      const file = folder.file(`${mount.name}-${path}`)
      await writeFile(file, secretValue(rendering, secret?.secretName ?? '', key))
      env[name] = file
    }
  }
  return env
}

/** What a Secret of the user's own has in every key here; a URL, so that it can be a registry's. */
export const anotherSecret = 'redis+sentinel://:password@one:26379,two:26379/master'
/** And what one has that is named for PostgreSQL. */
export const anotherDatabase = 'postgresql://courier:password@postgres/courier'

function secretValue(rendering: Rendering, name: string, key: string): string {
  if (name === 'postgres') return anotherDatabase
  if (!rendering.names().includes(`Secret/${name}`)) return anotherSecret
  const value = rendering.get<ISecret>('Secret', name).data?.[key]
  if (value === undefined) throw new Error(`Secret ${name} has no ${key}`)
  return Buffer.from(value, 'base64').toString()
}
