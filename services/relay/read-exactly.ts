import type { Socket } from 'node:net'
import { Failure } from '../shared/bytestream/failure.ts'

/**
 * The next `size` bytes of a paused socket, and not one more. Throws `unavailable` when it ends before, or when
 * `signal` says that it took too long. What comes behind stays in the socket.
 */
export function readExactly(socket: Socket, size: number, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const look = () => {
    const bytes: Buffer | null = socket.read(size)
    if (bytes === null) return
    if (bytes.length === size) resolve(bytes)
    else fail()
  }
  const fail = () => reject(new Failure('unavailable', `The connection ended before ${size} bytes had come`))
  const late = () => reject(new Failure('unavailable', `${size} bytes did not come in time`))
  socket.on('readable', look).on('end', fail).on('error', fail).on('close', fail)
  signal.addEventListener('abort', late)
  if (signal.aborted) late()
  else look()
  return promise.finally(() => {
    socket.off('readable', look).off('end', fail).off('error', fail).off('close', fail)
    signal.removeEventListener('abort', late)
  })
}
