import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startFleet } from '../../deploy/local/fleet.ts'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { takeSlot } from '../support/courier-slot.ts'
import { logInRequester } from '../support/requester.ts'

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

    it(`answers 507 to an upload, shows nothing of it and takes one when there is room, full ${what}`, async () => {
      const size = 40 << 20
      await using folder = temporaryFolder('volume')
      // There is room for one such file in the sender's quota too: it is given back.
      const settings = { dataFolder: folder.path, keepFreeBytes, bytesPerSender: size }
      await using fleet = await startFleet({ relays: 1, courier: settings })
      const under = ['unshare', '--mount', 'sh', '-c', onVolume, 'sh', '224', folder.path]
      const courier = await fleet.startCourier({}, { under })
      await using alice = await logInRequester(fleet)
      const volume = join(`/proc/${courier.pid}/root`, folder.path)
      const ballast = join(volume, 'ballast')
      const { bavail, bsize } = await statfs(volume)
      await writeFile(ballast, Buffer.alloc(bavail * bsize - keepFreeBytes - size / 2))

      const content = randomBytes(size)
      const slot = await takeSlot(alice, { courier: fleet.courier, size })
      const { status, body } = await slot.put(content)
      assert.deepEqual([status, body.toString()], [507, 'There is no room for the file\n'])
      assert.equal((await slot.get()).status, 410)
      for (const each of ['incoming', 'blobs']) assert.deepEqual(await readdir(join(volume, each)), [])

      await rm(ballast)
      const another = await takeSlot(alice, { courier: fleet.courier, size })
      assert.equal((await another.put(content)).status, 201)
      assert.ok((await another.get()).body.equals(content))
    })
  }
})
