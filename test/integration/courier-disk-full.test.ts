import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../deploy/local/folder.ts'

const program = fileURLToPath(new URL('../support/courier-full-disk-process.ts', import.meta.url))
/** Runs the rest of the line with a volume of so many MiB at a folder, which only that process sees. */
const onVolume = 'mount -t tmpfs -o size="$1"m tmpfs "$2" && shift 2 && exec "$@"'

const probe = spawnSync('unshare', ['--mount', 'sh', '-c', onVolume, 'sh', '1', '/mnt', 'true'], { encoding: 'utf8' })
const fault = probe.status === 0 ? undefined : (probe.error?.message ?? probe.stderr.trim())

describe('a courier whose volume is full', { skip: fault && `no volume can be mounted here: ${fault}` }, () => {
  for (const [what, mebibytes, keepFreeBytes] of [
    ['but for what the database needs', 160, 1 << 26],
    ['to the last byte', 200, 0],
  ] as const) {
    it(`says so, leaves nothing of the file and goes on, full ${what}`, async () => {
      await using folder = temporaryFolder('volume')
      const intake = [process.execPath, program, folder.path, String(keepFreeBytes)]
      const args = ['--mount', 'sh', '-c', onVolume, 'sh', String(mebibytes), folder.path, ...intake]
      const { stdout } = await promisify(execFile)('unshare', args)
      assert.deepEqual(JSON.parse(stdout), { code: 'over-limit', left: [], outcome: 'abandoned', afterwards: 'stored' })
    })
  }
})
