import type { Socket } from 'node:net'

/** Reads `count` bytes of a paused socket and not one more. Throws when they do not come any more. */
export async function readExactly(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count)
    if (bytes && bytes.length === count) return bytes
    if (socket.errored) throw socket.errored
    // At the end of input `read` hands out what is left, which is too short here.
    if (bytes || socket.readableEnded || socket.destroyed) throw new Error('it closed the connection')
    await changed(socket)
  }
}

function changed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'error', 'close'] as const
    const settle = () => {
      for (const event of events) socket.off(event, settle)
      resolve()
    }
    for (const event of events) socket.on(event, settle)
  })
}
