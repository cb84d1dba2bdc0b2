import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { messageOf } from '../../services/shared/bytestream/failure.ts'
import type { KubernetesObject } from './render.ts'

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** Groups of custom resources, and the packages that know them; all others are Kubernetes' own. */
const packages: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'keda.sh': '@kubernetes-models/keda',
}

/** What is wrong with objects, a sentence each: values that are missing or of another type, and fields that nobody knows. */
export async function strictFaults(objects: readonly KubernetesObject[]): Promise<string[]> {
  return [...(await Promise.all(objects.map(invalid))).flat(), ...(await unknownFields(objects))]
}

/** By the JSON Schema of its kind. */
async function invalid(object: KubernetesObject): Promise<string[]> {
  const module = await import(moduleOf(object))
  const model = new module[object.kind](object)
  try {
    model.validate()
    return []
  } catch (error) {
    return [`${titleOf(object)}: ${messageOf(error)}`]
  }
}

/** By the compiler, which takes no literal with a property that its type has not. */
async function unknownFields(objects: readonly KubernetesObject[]): Promise<string[]> {
  await using folder = temporaryFolder('strict')
  await symlink(modules, folder.file('node_modules'))
  const lines = objects.map(
    (object, i) =>
      `export const o${i}: import('${moduleOf(object)}').I${object.kind} = ${JSON.stringify(object)} // ${titleOf(object)}`,
  )
  await writeFile(folder.file('package.json'), '{ "type": "module" }')
  await writeFile(folder.file('objects.ts'), lines.join('\n'))
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--pretty',
    'false',
  ]
  try {
    await promisify(execFile)('tsc', [...options, '--types', '', 'objects.ts'], { cwd: folder.path })
    return []
  } catch (error) {
    const text = String((error as { stdout?: unknown }).stdout ?? error)
    return text
      .split('\n')
      .filter((line) => line.startsWith('objects.ts'))
      .map((line) => named(line, objects))
  }
}

function named(line: string, objects: readonly KubernetesObject[]): string {
  const [, row = '0', message = line] = /^objects\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? []
  const object = objects[Number(row) - 1]
  return `${object ? titleOf(object) : 'an object'}: ${message}`
}

function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`
}

function titleOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`
}
