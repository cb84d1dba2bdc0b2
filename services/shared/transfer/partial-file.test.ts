import assert from 'node:assert/strict'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { testFolder } from '../../../test/support/transfer-ends.ts'
import { Failure } from '../bytestream/failure.ts'
import { type FileIdentity, identityKey, openPartialFile } from './partial-file.ts'

const identity: FileIdentity = { sender: 'a@ex.com', name: 'x.txt', size: 11, date: '2026-01-01T00:00:00Z' }
const failsWith = (code: string) => (error: unknown) => error instanceof Failure && error.code === code

describe('openPartialFile()', () => {
  it('gives the file its name when it is whole', async (t) => {
    const folder = await testFolder(t)
    const partial = await openPartialFile(folder, identity, { resume: true })
    assert.deepEqual(await readdir(folder), [`.x.txt.${identityKey(identity).slice(0, 16)}.part`])
    await partial.write(Buffer.from('hello '))
    await partial.write(Buffer.from('world'))
    const { path, sha256 } = await partial.finish()
    assert.equal(path, join(folder, 'x.txt'))
    assert.equal(sha256, 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9')
    assert.deepEqual(await readdir(folder), ['x.txt'])
  })

  it('continues what was kept, and sums the whole', async (t) => {
    const folder = await testFolder(t)
    const first = await openPartialFile(folder, identity, { resume: true })
    await first.write(Buffer.from('hello '))
    await first.keep()
    const second = await openPartialFile(folder, identity, { resume: true })
    assert.equal(second.offset, 6)
    await second.write(Buffer.from('world'))
    const { sha256 } = await second.finish()
    assert.equal(sha256, 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9')
  })

  it('asks for one byte at least', async (t) => {
    const folder = await testFolder(t)
    const first = await openPartialFile(folder, identity, { resume: true })
    await first.write(Buffer.from('hello world'))
    await first.keep()
    const second = await openPartialFile(folder, identity, { resume: true })
    assert.equal(second.offset, 10)
    await second.discard()
  })

  it('starts again without resume, and for another file', async (t) => {
    const folder = await testFolder(t)
    const first = await openPartialFile(folder, identity, { resume: true })
    await first.write(Buffer.from('hello '))
    await first.keep()
    const other = await openPartialFile(folder, { ...identity, date: '2026-02-02T00:00:00Z' }, { resume: true })
    assert.equal(other.offset, 0)
    await other.discard()
    const again = await openPartialFile(folder, identity, { resume: false })
    assert.equal(again.offset, 0)
    await again.discard()
    assert.deepEqual(await readdir(folder), [])
  })

  it('takes no byte too many and finishes with none missing', async (t) => {
    const partial = await openPartialFile(await testFolder(t), identity, { resume: true })
    await partial.write(Buffer.from('hello worl'))
    await assert.rejects(partial.write(Buffer.from('dx')), failsWith('over-limit'))
    await assert.rejects(partial.finish(), failsWith('unavailable'))
    await partial.discard()
  })

  it('leaves nothing of a file that never began', async (t) => {
    const folder = await testFolder(t)
    await (await openPartialFile(folder, identity, { resume: true })).keep()
    assert.deepEqual(await readdir(folder), [])
  })

  it('does not follow a link that waits under its name', async (t) => {
    const folder = await testFolder(t)
    const victim = join(folder, 'victim')
    await writeFile(victim, 'precious')
    await symlink(victim, join(folder, `.x.txt.${identityKey(identity).slice(0, 16)}.part`))
    await assert.rejects(openPartialFile(folder, identity, { resume: true }), failsWith('unavailable'))
    assert.equal(await readFile(victim, 'utf8'), 'precious')
  })
})
