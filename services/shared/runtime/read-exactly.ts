import type { Readable } from 'node:stream'

const events = ['readable', 'end', 'error', 'close'] as const

/**
 * Reads `count` bytes of a paused stream and not one more; what comes behind stays in the stream. Throws when they do
 * not come any more, or when `signal` says that they took too long.
 */
export async function readExactly(stream: Readable, count: number, signal?: AbortSignal): Promise<Buffer> {
  let news = Promise.withResolvers<void>()
  const tell = () => news.resolve()
  // Listened to throughout: each new listener is told at once of bytes that are too few already.
  for (const event of events) stream.on(event, tell)
  signal?.addEventListener('abort', tell)
  try {
    for (;;) {
      const bytes: Buffer | null = stream.read(count)
      if (bytes && bytes.length === count) return bytes
      if (stream.errored) throw stream.errored
      // At the end of input `read` hands out what is left, which is too short here.
      if (bytes || stream.readableEnded || stream.destroyed) throw new Error('it closed the connection')
      if (signal?.aborted) throw new Error('nothing came in time')
      await news.promise
      news = Promise.withResolvers<void>()
    }
  } finally {
    for (const event of events) stream.off(event, tell)
    signal?.removeEventListener('abort', tell)
  }
}
