import { closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { PGliteDialect } from 'kysely'
import { type DatabaseServer, int8 } from './database-server.ts'
import { lockFolder } from './folder-lock.ts'

/** PGlite switches fsync off, and its system has no fdatasync: a commit would be durable against nothing but our own crash. */
const durable = [...PGlite.defaultStartParams.filter((param) => param !== '-F'), '-c', 'wal_sync_method=fsync']

/**
 * Opens the database that lives in a folder and in this process, and makes it where there is none. Throws `taken` while
 * another process has the folder.
 */
export async function openEmbedded(folder: string): Promise<DatabaseServer> {
  const lock = lockFolder(folder)
  try {
    const pglite = await PGlite.create({
      fs: new SyncedFolder(join(folder, 'pgdata')),
      startParams: durable,
      relaxedDurability: false,
      parsers: { [int8]: Number },
    })
    return {
      dialect: new PGliteDialect({ pglite }),
      alone: true,
      async close() {
        if (!pglite.closed) await pglite.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** The part of Emscripten's file system on Node that we mend. */
interface NodeFileSystem {
  realPath(node: unknown): string
  readonly stream_ops: { fsync?(stream: { readonly nfd?: number; readonly node: unknown }): number }
}

/** A folder whose files are synced when PostgreSQL says so: Emscripten's file system on Node leaves that out. */
class SyncedFolder extends NodeFS {
  override async init(...[pglite, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pglite, options)
    const preRun = [...(emscriptenOpts.preRun ?? []), (module: { NODEFS?: unknown }) => addSync(module.NODEFS)]
    return { emscriptenOpts: { ...emscriptenOpts, preRun } }
  }
}

function addSync(nodeFs: unknown): void {
  const { stream_ops: operations, realPath } = nodeFs as NodeFileSystem
  operations.fsync = ({ nfd, node }) => {
    // Folders have no descriptor there.
    const descriptor = nfd ?? openSync(realPath(node), 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      if (nfd === undefined) closeSync(descriptor)
    }
    return 0
  }
}
