import { readdirSync, readlinkSync } from 'node:fs'

/** What a process has open, by kind: `socket`, `pipe`, `anon_inode:[eventpoll]`, the path of a file. Linux only. */
export function openDescriptors(pid: number | 'self' = 'self'): Map<string, number> {
  const kinds = new Map<string, number>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const kind = kindOf(`/proc/${pid}/fd/${fd}`)

    if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  return kinds
}

function kindOf(link: string): string | undefined {
  try {
    const target = readlinkSync(link)
    const [kind = target] = target.split(':[')
    return target.startsWith('/proc/') ? undefined : kind
  } catch {
    // Closed while we looked, as the descriptor of the folder itself always is.
    return undefined
  }
}
