import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { blocksOf } from '../support/guide.ts'
import { helmMajors, runHelm } from '../support/helm.ts'

const chart = fileURLToPath(new URL('../../helm/splice65', import.meta.url))

/** The README's `helm install`, as arguments of `helm template`. */
async function installArguments(): Promise<string[]> {
  const commands = (await blocksOf('README.md', 'sh')).join('').replaceAll('\\\n', ' ').split('\n')
  const command = commands.find((line) => /^helm .* install /.test(line))
  assert.ok(command, 'the README has a helm install')
  const [, ...args] = command.split(/\s+/)
  return args.map((arg) => (arg === 'install' ? 'template' : arg === 'helm/splice65' ? chart : arg))
}

interface Resource {
  readonly kind: string
  readonly metadata: { readonly name: string }
}

describe('The README’s `helm install`', () => {
  for (const major of helmMajors) {
    it(`makes what the README goes on to name, with Helm ${major}`, async () => {
      const { stdout } = await runHelm(major, await installArguments())
      const resources = parseAllDocuments(stdout).map((document): Resource | null => document.toJS())
      const names = resources.flatMap((resource) => (resource ? [`${resource.kind} ${resource.metadata.name}`] : []))
      for (const name of ['Service splice65-socks', 'Deployment splice65-control', 'StatefulSet splice65-relay']) {
        assert.ok(names.includes(name), `${name} is among ${names}`)
      }
    })
  }
})
