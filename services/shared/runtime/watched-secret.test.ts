import assert from 'node:assert/strict'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { temporaryFolder } from '../../../deploy/local/folder.ts'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { until } from '../../../test/support/until.ts'
import { readOptions, secret } from './options.ts'
import { watchSecret } from './watched-secret.ts'

const schema = z.object({ token: secret(z.string().min(8, 'needs at least 8 characters')) })

function watch(env: Record<string, string>) {
  const { log, lines, everything } = recordingLog()
  const config = readOptions('relay', schema, env)
  const secretOf = { service: 'relay', schema, config, option: 'token' } as const
  return { watched: watchSecret({ log, refreshMs: 5 }, secretOf), lines, everything }
}

describe('watchSecret()', () => {
  it('takes up a secret that is mounted anew by moving a symbolic link, and says so without saying it', async () => {
    await using folder = temporaryFolder('secret')
    // As the kubelet does it: token → ..data/token, and ..data → a folder for each version.
    const mount = async (version: string, token: string) => {
      await mkdir(folder.file(version))
      await writeFile(folder.file(`${version}/token`), `${token}\n`)
      await symlink(version, folder.file('..new'))
      await rename(folder.file('..new'), folder.file('..data'))
    }
    await mount('..v1', 'first-canary')
    await symlink('..data/token', folder.file('token'))
    const { watched, lines, everything } = watch({ RELAY_TOKEN_FILE: folder.file('token') })
    using _ = watched
    assert.equal(watched.current, 'first-canary')
    let changes = 0
    const stop = watched.onChange(() => {
      changes += 1
    })
    await mount('..v2', 'second-canary')
    await until('it is taken up', () => watched.current === 'second-canary')
    assert.equal(changes, 1)
    stop()
    await mount('..v3', 'third-canary')
    await until('it is taken up too', () => watched.current === 'third-canary')
    assert.equal(changes, 1)
    assert.deepEqual(lines, ['info secret renewed', 'info secret renewed'])
    assert.match(everything(), /RELAY_TOKEN_FILE/)
    assert.doesNotMatch(everything(), /canary/)
  })

  it('keeps what it has while the file is gone, empty or not such a secret, and says so once for each', async () => {
    await using folder = temporaryFolder('secret')
    const file = folder.file('token')
    await writeFile(file, 'first-canary')
    const { watched, lines, everything } = watch({ RELAY_TOKEN_FILE: file })
    using _ = watched
    const replace = async (text: string) => {
      await writeFile(folder.file('new'), text)
      await rename(folder.file('new'), file)
    }
    const faults: [why: string, fault: () => Promise<void>][] = [
      ['needs at least 8 characters', () => replace('canary')],
      ['the file is empty', () => replace('\n')],
      ['ENOENT', () => rename(file, folder.file('moved'))],
    ]
    for (const [index, [why, fault]] of faults.entries()) {
      await fault()
      await until(`it has said ${why}`, () => everything().includes(why))
      assert.equal(lines.length, index + 1)
      assert.equal(watched.current, 'first-canary')
    }
    await replace('second-canary')
    await until('it is taken up', () => watched.current === 'second-canary')
    assert.doesNotMatch(everything(), /canary/)
  })

  it('leaves one that was given as a value as it is', () => {
    const { watched } = watch({ RELAY_TOKEN: 'first-canary' })
    using _ = watched
    assert.equal(watched.current, 'first-canary')
  })
})
