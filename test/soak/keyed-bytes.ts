import { createCipheriv, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const zeros = Buffer.alloc(64 * 1024)

/** Other bytes than were sent, or not as many: what no fault excuses. */
export class WrongBytes extends Error {
  override readonly name = 'WrongBytes'
}

/** The bytes of one direction of one bytestream: the keystream of AES-128 in counter mode, under a key of their own. */
export interface KeyedBytes {
  readonly key: Buffer
  readonly size: number
}

/** Bytes that no other direction of any bytestream has. */
export function keyedBytes(size: number): KeyedBytes {
  return { key: randomBytes(16), size }
}

/** Writes the bytes, or the first of them, at the pace of the socket. Throws when it ends before. */
export async function sendKeyed(socket: Socket, { key, size }: KeyedBytes, upTo = size): Promise<void> {
  const stream = keystream(key)
  for (let left = upTo; left > 0; left -= zeros.length) {
    const chunk = stream.update(zeros.subarray(0, Math.min(left, zeros.length)))
    if (socket.destroyed) throw new Error(`The connection ended with ${left} of ${size} bytes unsent`)
    if (!socket.write(chunk)) await drained(socket)
  }
}

/**
 * Reads up to the FIN and compares each byte with what was sent. `restMs` is how long a slow reader rests after each
 * chunk. Throws `WrongBytes` at a wrong byte or a wrong number of them, another error when the connection breaks.
 */
export async function receiveKeyed(socket: Socket, { key, size }: KeyedBytes, restMs = 0): Promise<void> {
  const stream = keystream(key)
  let received = 0
  for await (const chunk of chunksOf(socket)) {
    // A keystream under itself is zeros.
    const plain = stream.update(chunk)
    if (!plain.equals(zeros.subarray(0, plain.length))) throw new WrongBytes(`A wrong byte came after ${received}`)
    received += chunk.length
    if (restMs > 0) await delay(restMs)
  }
  if (received !== size) throw new WrongBytes(`A clean end came after ${received} bytes, and ${size} were sent`)
}

/** What a socket gives up to the FIN, in chunks of 64 KiB at most. The socket stays open: it may not have finished itself. */
async function* chunksOf(socket: Socket): AsyncGenerator<Buffer> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    for (let at = 0; at < chunk.length; at += zeros.length) yield chunk.subarray(at, at + zeros.length)
  }
}

/** Resolves when the socket takes more, or never will. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

function keystream(key: Buffer) {
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
}
