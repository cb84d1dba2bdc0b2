import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The bytes of all files of a folder in which nothing is taken away meanwhile. */
export async function bytesBelow(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
