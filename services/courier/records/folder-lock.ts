import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Failure, messageOf } from '../../shared/bytestream/failure.ts'

/** A lock that nobody refers to any more would be collected, and with it released. */
const held = new Set<DatabaseSync>()

/**
 * Holds a folder for this process until it is released or the process dies, however it dies; other containers and, where
 * the file system has locks, other nodes included. Node has no call for the kernel's file locks, but its SQLite takes one.
 * Throws `taken` when another process holds it, `unavailable` when the folder cannot be written to.
 */
export function lockFolder(folder: string): { release(): void } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const lock = new DatabaseSync(join(folder, 'lock'))
    try {
      lock.exec('begin exclusive')
    } catch (error) {
      lock.close()
      throw error
    }
    held.add(lock)
    const release = () => {
      held.delete(lock)
      lock.close()
    }
    return { release }
  } catch (cause) {
    if (isBusy(cause)) {
      const advice = 'stop that one, or give each its own folder, or use PostgreSQL for several replicas'
      throw new Failure('taken', `Cannot use ${folder}: another process has it; ${advice}`, { cause })
    }
    throw new Failure('unavailable', `Cannot use ${folder}: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** SQLITE_BUSY. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}
