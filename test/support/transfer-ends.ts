import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { atEnd } from './at-end.ts'

/** A folder that goes when the test is over. */
export async function testFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'splice65-test-'))
  atEnd(t, () => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A file of random bytes, with its sum, and an empty folder to receive into. */
export async function testFile(t: TestContext, size: number) {
  const folder = await testFolder(t)
  const path = join(folder, 'Käse & Brot.bin')
  const into = join(folder, 'in')
  const content = randomBytes(size)
  await writeFile(path, content)
  await mkdir(into)
  return { path, into, content, sha256: createHash('sha256').update(content).digest('hex') }
}
