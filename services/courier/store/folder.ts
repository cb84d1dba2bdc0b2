import { constants } from 'node:fs'
import { access, mkdir, open, opendir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../shared/bytestream/failure.ts'
import { diskFailure } from './disk-failure.ts'

const keyFormat = /^[0-9a-f]{32}$/

/** Keys are ours, never a user's: 32 lowercase hex digits, so that none can lead out of a folder. */
export function isKey(text: string): boolean {
  return keyFormat.test(text)
}

/** A folder of files that are named by the keys of blobs. */
export class Folder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Makes the folder where there is none, to last. */
  async make(): Promise<void> {
    const first = await mkdir(this.path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw diskFailure(cause, `Cannot make ${this.path}`)
    })
    if (first !== undefined) await syncFolder(dirname(first))
  }

  file(key: string): string {
    if (!isKey(key)) throw new Failure('malformed', `Not a key of a blob: ${JSON.stringify(key)}`)
    return join(this.path, key)
  }

  async *list(): AsyncGenerator<{ readonly key: string; readonly changedAt: Date }> {
    for await (const { name } of await opendir(this.path)) {
      if (!isKey(name)) continue
      // It may have gone since.
      const found = await stat(this.file(name)).catch(() => undefined)
      if (found) yield { key: name, changedAt: found.mtime }
    }
  }

  /** Throws `unavailable` unless files can be made here. */
  async check(): Promise<void> {
    await access(this.path, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
      throw new Failure('unavailable', `Cannot use ${this.path}`, { cause })
    })
  }

  /** Makes the names in it durable: those that came and those that went. */
  async sync(): Promise<void> {
    await syncFolder(this.path)
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
