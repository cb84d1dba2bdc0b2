import { Socket } from 'node:net'
import { resetOnClose } from './reset-on-close.ts'
import type { Descriptor } from './take-over.ts'

/**
 * Takes a connection back into Node, the opposite of `takeOver()`: the descriptor is the socket's from now on. Until
 * both directions have finished, whatever closes it sends a reset, the end of this process included. A connection that
 * is gone comes back as a socket that is closed.
 */
export function giveBack(taken: Descriptor | undefined): Socket {
  if (!taken) return new Socket().destroy()
  const { fd } = taken
  resetOnClose(fd, true)
  const socket = new Socket({ fd, allowHalfOpen: true })
  // Before Node closes it, which it does by itself when both have come; behind that the number may be another's.
  const onEnd = () => {
    if (socket.readableEnded && socket.writableFinished && !socket.destroyed) resetOnClose(fd, false)
  }
  return socket.on('end', onEnd).on('finish', onEnd)
}
