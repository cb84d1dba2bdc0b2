import type { Socket } from 'node:net'

const events = ['readable', 'end', 'error', 'close'] as const

/** Reads `count` bytes of a paused socket and not one more. Throws when they do not come any more. */
export async function readExactly(socket: Socket, count: number): Promise<Buffer> {
  let news = Promise.withResolvers<void>()
  const tell = () => news.resolve()
  // Listened to throughout: each new listener is told at once of bytes that are too few already.
  for (const event of events) socket.on(event, tell)
  try {
    for (;;) {
      const bytes: Buffer | null = socket.read(count)
      if (bytes && bytes.length === count) return bytes
      if (socket.errored) throw socket.errored
      // At the end of input `read` hands out what is left, which is too short here.
      if (bytes || socket.readableEnded || socket.destroyed) throw new Error('it closed the connection')
      await news.promise
      news = Promise.withResolvers<void>()
    }
  } finally {
    for (const event of events) socket.off(event, tell)
  }
}
