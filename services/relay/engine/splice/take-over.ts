import type { Socket } from 'node:net'
import { Failure } from '../../../shared/bytestream/failure.ts'
import * as libc from './libc.ts'

/** A connection taken out of Node. */
export interface Descriptor {
  readonly fd: number
  /** What Node had read of it already. */
  readonly prefix: Buffer
}

/**
 * Takes a connection out of Node: a duplicate of its descriptor stays, the Node socket is destroyed. Closing the one
 * leaves the connection open through the other. Undefined when the connection is closed already; throws `over-limit`
 * when the process has no descriptor left for the moment between the two.
 */
export function takeOver(socket: Socket, prefix: Buffer): Descriptor | undefined {
  const ours = descriptorOf(socket)
  if (ours === undefined) return undefined
  const read: Buffer | null = socket.read()
  const fd = libc.fcntl(ours, libc.F_DUPFD_CLOEXEC, 0)
  const code = fd < 0 ? libc.errno() : 0
  socket.on('error', () => {}).destroy()
  if (fd < 0) throw new Failure('over-limit', `Cannot take a connection over: errno ${code}`)
  return { fd, prefix: read ? Buffer.concat([prefix, read]) : prefix }
}

/** The descriptor of a connection, which stays Node's; undefined when it is closed. */
export function descriptorOf(socket: Socket): number | undefined {
  // Node shows the descriptor of a TCP handle, though it does not document it.
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd: number } | null }
  return handle && handle.fd >= 0 && !socket.destroyed ? handle.fd : undefined
}
