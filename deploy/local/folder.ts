import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastWill } from './last-will.ts'

/** A folder that is gone, with all it holds, once it is disposed of or this process ends. */
export interface Folder extends AsyncDisposable {
  readonly path: string
  /** The path of `name` in this folder. */
  file(name: string): string
  /** Deletes the folder and everything in it. Safe to repeat. */
  remove(): Promise<void>
}

/** Makes an empty temporary folder that only this user can read. The caller removes it. */
export function temporaryFolder(purpose: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `splice65-${purpose}-`))
  const revoke = lastWill(() => rmSync(path, { recursive: true, force: true }))
  const remove = async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
    revoke()
  }
  return { path, file: (name) => join(path, name), remove, [Symbol.asyncDispose]: remove }
}
