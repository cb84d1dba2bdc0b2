import { readFileSync } from 'node:fs'

/** Descriptors kept back for Redis, gRPC, HTTP, trunks being opened and files. */
const RESERVE = 256
/** What a process may open where nothing says otherwise. */
const USUAL_LIMIT = 1024

/**
 * How many sockets a relay may hold, from the descriptor limit of its process. Node hides exhaustion: past the limit
 * clients are accepted and closed without an event, so the bound must be ours to enforce and to count.
 */
export function capacityOf(descriptorLimit: number): number {
  return Math.max(Math.floor((descriptorLimit - Math.min(RESERVE, descriptorLimit / 2)) * 0.9), 2)
}

/** The soft limit of this process on open descriptors. */
export function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line?.[1] === 'unlimited' ? 1_048_576 : Number(line?.[1] ?? USUAL_LIMIT)
  } catch {
    // Not Linux.
    return USUAL_LIMIT
  }
}
