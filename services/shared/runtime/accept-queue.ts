import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Server } from 'node:net'

const tables = { IPv4: '/proc/self/net/tcp', IPv6: '/proc/self/net/tcp6' } as const
/** What a listening socket has as its state there. */
const LISTENING = '0A'
const CHUNK_BYTES = 4_096

/**
 * How many connections wait until a server accepts them, from the kernel's table of sockets (proc(5), /proc/net/tcp). The
 * table is held open: when this is asked no file may be left to open.
 */
export class AcceptQueue implements Disposable {
  readonly #table: number | undefined
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)

  /** Of servers at addresses of this family. */
  constructor(family: string) {
    this.#table = openTable(family === 'IPv6' ? tables.IPv6 : tables.IPv4)
  }

  /** 0 where nobody knows: on other systems than Linux, or when the server does not listen. */
  lengthOf(server: Server): number {
    const fd = descriptorOf(server)
    if (this.#table === undefined || fd === undefined) return 0
    const inode = String(fstatSync(fd).ino)
    for (const line of this.#listening(this.#table)) {
      // sl, local_address, rem_address, st, tx_queue:rx_queue, tr:when, retrnsmt, uid, timeout, inode
      const columns = line.trim().split(/\s+/)
      if (columns[9] === inode) return Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16)
    }
    return 0
  }

  [Symbol.dispose](): void {
    if (this.#table !== undefined) closeSync(this.#table)
  }

  /** The lines of sockets that listen. They stand before all others, of which there may be very many. */
  *#listening(table: number): Generator<string> {
    let rest = ''
    for (let at = 0, first = true; ; ) {
      const size = readSync(table, this.#chunk, 0, CHUNK_BYTES, at)
      if (size === 0) return
      at += size
      const lines = (rest + this.#chunk.toString('latin1', 0, size)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!first && line.trim().split(/\s+/)[3] !== LISTENING) return
        if (!first) yield line
        first = false
      }
    }
  }
}

function openTable(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    // Not Linux, or no /proc.
    return undefined
  }
}

/** Node shows the descriptor of a listening handle, though it does not document it. */
function descriptorOf(server: Server): number | undefined {
  const { _handle: handle } = server as Server & { readonly _handle?: { readonly fd: number } | null }
  return handle && handle.fd >= 0 ? handle.fd : undefined
}
