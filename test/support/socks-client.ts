import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Digest } from '../../services/shared/bytestream/digest.ts'

/** The bytes of XEP-0065 §6.3.2, for tests that cut them up. */
export const greeting: Buffer = Buffer.from([0x05, 0x01, 0x00])

/** A CONNECT that names this digest. */
export function connectRequest(digest: string): Buffer {
  return Buffer.concat([Buffer.from([0x05, 0x01, 0x00, 0x03, 0x28]), Buffer.from(digest), Buffer.from([0, 0])])
}

/** What a client saw of its half-connection. */
export interface ClientHalf {
  readonly socket: Socket
  /** REP of the answer to its CONNECT; undefined when the proxy closed without one. */
  readonly rep: number | undefined
  /** The whole answer. */
  readonly reply: Buffer
}

/**
 * Dials a proxy and names a digest, as a client does. The socket is paused and gives the payload that follows.
 * `from` is an address of this machine that it comes from. The caller destroys it.
 */
export async function dialHalf(port: number, digest: Digest, host = '127.0.0.1', from?: string): Promise<ClientHalf> {
  const socket = connect({ port, host, localAddress: from, allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect')
  // A reset that a test does not wait for is none of its business.
  socket.on('error', () => {})
  socket.write(Buffer.concat([greeting, connectRequest(digest)]))
  const answer = await readUpTo(socket, 49)
  const reply = answer.subarray(2)
  return { socket, rep: reply[1], reply }
}

/** The next `size` bytes, or fewer when the other side finishes or resets before. What follows stays unread. */
export async function readUpTo(socket: Socket, size: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const take = () => {
    const bytes: Buffer | null = socket.read(size)
    if (bytes !== null) resolve(bytes)
  }
  const over = () => resolve(socket.read() ?? Buffer.alloc(0))
  socket.on('readable', take).on('end', over).on('error', over).on('close', over)
  take()
  if (socket.readableEnded || socket.closed) over()
  const bytes = await promise
  socket.off('readable', take).off('end', over).off('error', over).off('close', over)
  return bytes
}

/** Everything up to the other side's FIN. Rejects when the connection is reset. */
export async function readToEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  socket
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .once('end', () => resolve(Buffer.concat(chunks)))
    .once('error', reject)
    .once('close', () => reject(new Error('closed before its end')))
    .resume()
  if (socket.readableEnded) resolve(Buffer.alloc(0))
  return promise
}

/** Resolves when the connection is closed: with the error's code after a reset, with undefined after a clean end. */
export async function closed(socket: Socket): Promise<string | undefined> {
  if (socket.closed) return undefined
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let code: string | undefined
  socket
    .on('error', (error: NodeJS.ErrnoException) => {
      code = error.code
    })
    .on('close', () => resolve(code))
    .resume()
  return promise
}
