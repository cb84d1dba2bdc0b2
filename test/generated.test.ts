import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chartFiles } from '../deploy/chart/files.ts'
import { renderLimitsPage } from '../deploy/limits/limits-page.ts'
import { temporaryFolder } from '../deploy/local/folder.ts'
import { monitoringFiles } from '../deploy/monitoring/files.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const outputOption = '--outDir='

describe('the types of proto/', () => {
  it('are what `npm run generate` writes', async () => {
    await using folder = temporaryFolder('generated')
    const { command, args, outDir } = await generator()
    const elsewhere = args.map((arg) => (arg.startsWith(outputOption) ? `${outputOption}${folder.path}` : arg))
    await promisify(execFile)(join(root, 'node_modules/.bin', command), elsewhere, { cwd: root })

    assert.deepEqual(
      await contents(join(root, outDir)),
      await contents(folder.path),
      `${outDir} differs from what proto/ says: run \`npm run generate\``,
    )
  })
})

describe('the generated files of helm/splice65', () => {
  it('are what `npm run generate` writes', async () => {
    const chart = join(root, 'helm/splice65')
    for (const [name, text] of Object.entries(await chartFiles(chart))) {
      const committed = await readFile(join(chart, name), 'utf8')
      assert.equal(
        committed,
        text,
        `helm/splice65/${name} differs from the options of the services: run \`npm run generate\``,
      )
    }
  })
})

describe('the generated files of deploy/monitoring', () => {
  it('are what `npm run generate` writes', async () => {
    for (const [name, text] of Object.entries(await monitoringFiles())) {
      const committed = await readFile(join(root, name), 'utf8')
      assert.equal(
        committed,
        text,
        `${name} differs from what the services and dashboards say: run \`npm run generate\``,
      )
    }
  })
})

describe('LIMITS.md', () => {
  it('is what `npm run generate` writes', async () => {
    const committed = await readFile(join(root, 'LIMITS.md'), 'utf8')
    assert.equal(
      committed,
      renderLimitsPage(),
      'LIMITS.md differs from the options of the services: run `npm run generate`',
    )
  })
})

/** The command line of the package script, so that there is one place for its flags. */
async function generator() {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const [command, ...args]: string[] = scripts['generate:proto'].split(' ')
  const outDir = args.find((arg) => arg.startsWith(outputOption))?.slice(outputOption.length)
  assert(command && outDir, 'the script generate:proto names its program and its --outDir')
  return { command, args, outDir }
}

/** Every file below a folder, by its relative path. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const pairs = files.sort().map(async (file) => [file.slice(folder.length), await readFile(file, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(pairs))
}
