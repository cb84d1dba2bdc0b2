import { readFileSync } from 'node:fs'
import { Failure } from '../shared/bytestream/failure.ts'

/** Descriptors kept back for Redis, gRPC, HTTP, trunks being opened and files. */
const RESERVE = 256
/** What a process may open where nothing says otherwise. */
const USUAL_LIMIT = 1024
/** The smallest pipe, of which a budget buys the most. */
const PIPE_BYTES = 64 * 1024

/** What a relay may use of its descriptors. */
export interface Capacity {
  /** Sockets of clients and trunks. */
  readonly sockets: number
  /** Pipes of the splice engine: two descriptors each. */
  readonly pipes: number
}

/**
 * Divides the descriptor limit of the process. Node hides exhaustion: past the limit clients are accepted and closed
 * without an event, so the bound must be ours to enforce and to count. Pipes get a sixteenth of it at most.
 */
export function capacityOf(descriptorLimit: number, pipeBudgetBytes: number): Capacity {
  const pipes = Math.max(1, Math.min(Math.floor(pipeBudgetBytes / PIPE_BYTES), Math.floor(descriptorLimit / 32)))
  const reserve = Math.min(RESERVE, descriptorLimit / 2) + 2 * pipes
  return { sockets: Math.max(Math.floor((descriptorLimit - reserve) * 0.9), 2), pipes }
}

/** With fewer a relay is more likely misconfigured than small. */
const LEAST_SOCKETS = 500

/**
 * How many sockets the relay takes: what its descriptors allow, or what `maxSockets` says within that. Throws
 * `malformed` for more than they allow, and for so few that nobody can have meant it unless it was said.
 */
export function demandSockets({ sockets }: Capacity, maxSockets: number | undefined): number {
  const raise = 'raise the descriptor limit of the process (ulimit -n, LimitNOFILE)'
  if (maxSockets === undefined && sockets < LEAST_SOCKETS) {
    throw new Failure(
      'malformed',
      `Cannot start: the descriptor limit leaves ${sockets} sockets, fewer than ${LEAST_SOCKETS}; ${raise}, or set RELAY_MAX_SOCKETS to ${sockets} or less if that is enough`,
    )
  }
  if (maxSockets !== undefined && maxSockets > sockets) {
    throw new Failure(
      'malformed',
      `Cannot start: RELAY_MAX_SOCKETS is ${maxSockets}, and the descriptor limit leaves ${sockets} sockets; ${raise}, or set it lower`,
    )
  }
  return maxSockets ?? sockets
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
