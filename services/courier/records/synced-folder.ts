import { execFile } from 'node:child_process'
import { fstatSync, fsyncSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/** The part of Emscripten's file system on Node that we mend. */
interface NodeFileSystem {
  readonly stream_ops: { fsync?(stream: { readonly nfd: number }): number }
}

/** Times of files and our clock may differ by so much: the kernel's goes in steps. */
const marginMs = 1_000

/**
 * A folder for PGlite whose files are synced when PostgreSQL says so: Emscripten's file system on Node leaves that out. While it
 * opens, PostgreSQL syncs all of its two thousand files after a crash; those that `sync()` has seen to are passed over then.
 */
export class SyncedFolder extends NodeFS {
  #durableBefore = 0

  /** Makes all that is in the folder durable, whoever wrote it. */
  async sync(): Promise<void> {
    const startedAt = Date.now()
    await syncTree(this.rootDir)
    this.#durableBefore = startedAt - marginMs
  }

  /** From now on whatever PostgreSQL wants synced is: a clock that is put back must not tell us that it was. */
  opened(): void {
    this.#durableBefore = 0
  }

  override async init(...[pglite, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pglite, options)
    const mend = (module: { NODEFS?: unknown }) => {
      const { stream_ops } = module.NODEFS as NodeFileSystem
      stream_ops.fsync = ({ nfd }) => {
        if (!this.#isDurable(nfd)) fsyncSync(nfd)
        return 0
      }
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), mend] } }
  }

  #isDurable(descriptor: number): boolean {
    if (this.#durableBefore === 0) return false
    const { ctimeMs, mtimeMs } = fstatSync(descriptor)
    return Math.max(ctimeMs, mtimeMs) < this.#durableBefore
  }
}

/** All at once where `sync` can do that (one flush of the disk instead of thousands), else file by file. */
async function syncTree(folder: string): Promise<void> {
  try {
    await promisify(execFile)('sync', ['-f', folder])
  } catch {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() || entry.isDirectory()) await syncOne(join(entry.parentPath, entry.name))
    }
    await syncOne(folder)
  }
}

async function syncOne(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
