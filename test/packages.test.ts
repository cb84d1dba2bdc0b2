import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { z } from 'zod'

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().optional(), integrity: z.string().optional(), resolved: z.string().optional() }),
  ),
})

describe('package-lock.json', () => {
  it('pins every package of the image by its SHA-512, from no address but that of the registry', async () => {
    const { packages } = lockFile.parse(
      JSON.parse(await readFile(`${import.meta.dirname}/../package-lock.json`, 'utf8')),
    )
    const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)
    assert.ok(installed.length >= 100, `${installed.length} packages`)
    for (const [path, { integrity, resolved }] of installed) {
      assert.match(integrity ?? '', /^sha512-[\w+/]{86}==$/, path)
      assert.equal(resolved, undefined, `${path} is bound to an address`)
    }
  })
})
