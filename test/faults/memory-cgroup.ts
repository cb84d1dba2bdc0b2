import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Processes whose memory the kernel bounds together: past the bound it kills one of them. Whoever makes it removes it. */
export interface MemoryCgroup {
  /** What a process is started under to be one of them. */
  readonly under: readonly string[]
  /** Removes it; its processes must have ended. */
  remove(): void
}

/** Whether this machine lets us make one. */
export const memoryCgroups: boolean = tryOne()

/** Makes one for so many bytes. Throws where the machine has none for us. */
export function makeMemoryCgroup(bytes: number): MemoryCgroup {
  const { parent, limit } = hierarchy()
  const folder = join(parent, `splice65-faults-${process.pid}`)
  mkdirSync(folder)
  const remove = () => rmdirSync(folder)
  try {
    writeFileSync(join(folder, limit), String(bytes))
  } catch (error) {
    remove()
    throw error
  }
  const enter = `echo $$ > ${join(folder, 'cgroup.procs')} && exec "$0" "$@"`
  return { under: ['sh', '-c', enter], remove }
}

/** Where new ones may be made: beneath our own in version 1, in the root in version 2 (cgroups(7)). */
function hierarchy(): { readonly parent: string; readonly limit: string } {
  const root = '/sys/fs/cgroup'
  if (existsSync(join(root, 'cgroup.controllers'))) return { parent: root, limit: 'memory.max' }
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
  return { parent: join(root, 'memory', own), limit: 'memory.limit_in_bytes' }
}

function tryOne(): boolean {
  try {
    makeMemoryCgroup(2 ** 30).remove()
    return true
  } catch {
    return false
  }
}
