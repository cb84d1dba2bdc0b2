import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Folder } from '../../deploy/local/folder.ts'

/** The programs in C, compiled: paths to run. */
export interface Programs {
  readonly floor: string
  readonly load: string
}

const here = fileURLToPath(new URL('./', import.meta.url))

/** Compiles the yardstick and the load generator into the folder. Throws with the compiler's words when they are faulty. */
export async function compilePrograms(folder: Folder): Promise<Programs> {
  const [floor, load] = await Promise.all([
    compile(['floor.c'], folder.file('floor')),
    compile(globSync('load/*.c', { cwd: here }), folder.file('load')),
  ])
  return { floor, load }
}

async function compile(sources: readonly string[], program: string): Promise<string> {
  const warnings = ['-Wall', '-Wextra', '-Werror']
  await promisify(execFile)('cc', ['-O2', ...warnings, '-pthread', '-o', program, ...sources], { cwd: here })
  return program
}
