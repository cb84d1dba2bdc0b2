import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import type { ChartValues } from '../../deploy/chart/values.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { type HelmMajor, runHelm } from '../support/helm.ts'

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL('../../helm/splice65/', import.meta.url))

/** Release and namespace of every rendering, and what the names of its objects begin with. */
export const release = 'proxy'
export const namespace = 'transfer'
export const fullname = 'proxy-splice65'

/** An object as the chart renders it. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

export interface RenderOptions {
  /** Default: 4. */
  readonly helm?: HelmMajor
  /** The Kubernetes that it is for. Default: what Helm assumes, a current one. */
  readonly kubeVersion?: string
}

/** The least that an installation must say. */
export const leastValues: ChartValues = {
  component: { domain: 'proxy.example.com', host: 'prosody.xmpp.svc', existingSecret: 'component' },
  exposure: { host: 'proxy.example.com' },
}

/** A rendering of the chart. */
export class Rendering {
  readonly objects: readonly KubernetesObject[]

  constructor(objects: readonly KubernetesObject[]) {
    this.objects = objects
  }

  /** The object of that kind and name, as the type that the caller knows it to have. Throws when there is none. */
  get<T extends { kind: string }>(kind: T['kind'], name: string): T {
    const found = this.objects.find((it) => it.kind === kind && it.metadata.name === name)
    if (!found) throw new Error(`No ${kind} ${name} among ${this.names().join(', ')}`)
    return found as unknown as T
  }

  /** Kind and name of every object, sorted: `Service/proxy-splice65-socks`. */
  names(): string[] {
    return this.objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()
  }
}

const renderings = new Map<string, Promise<Rendering>>()

/**
 * Renders the chart with `values` laid over the least that an installation must say, once for all who ask for the same.
 * Throws what Helm says when it refuses.
 */
export function render(values: ChartValues = {}, options: RenderOptions = {}): Promise<Rendering> {
  const key = JSON.stringify([values, options])
  const known = renderings.get(key)
  if (known) return known
  const rendering = renderAnew(values, options)
  renderings.set(key, rendering)
  return rendering
}

async function renderAnew(values: ChartValues, options: RenderOptions): Promise<Rendering> {
  const { stdout } = await helmWith('template', values, options)
  const objects = parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null)
  return new Rendering(objects)
}

/** The notes that Helm prints after an installation with these values. */
export async function notes(values: ChartValues = {}, options: RenderOptions = {}): Promise<string> {
  const { stdout } = await helmWith('install', values, options, ['--dry-run=client'])
  return stdout.slice(stdout.indexOf('NOTES:'))
}

async function helmWith(
  command: string,
  values: ChartValues,
  { helm = 4, kubeVersion }: RenderOptions,
  more: readonly string[] = [],
) {
  await using folder = temporaryFolder('chart')
  const file = join(folder.path, 'values.yaml')
  await writeFile(file, JSON.stringify(merge(leastValues, values)))
  const version = kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]
  // Awaited here, because the values are gone with this function.
  return await runHelm(helm, [
    command,
    release,
    chartFolder,
    '--namespace',
    namespace,
    '--values',
    file,
    ...version,
    ...more,
  ])
}

/** Lays `over` over `under` as Helm does: maps are merged, all else is replaced. */
export function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isMap(below) && isMap(value) ? merge(below, value) : value
  }
  return merged
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
