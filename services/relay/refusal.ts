import type { Socket } from 'node:net'

const DRAIN_BYTES = 4 * 1024
const DRAIN_MS = 500

/**
 * Refuses a client so that it can read why: writes the answer and a FIN, then drains what the client still sends, 4 KiB
 * or half a second of it. Closing with unread input would send a reset, and the reset destroys the answer.
 */
export function refuse(socket: Socket, answer: Buffer | undefined): void {
  let drained = 0
  const timer = setTimeout(() => socket.destroy(), DRAIN_MS)
  socket
    .on('data', (chunk: Buffer) => {
      drained += chunk.length
      if (drained > DRAIN_BYTES) socket.destroy()
    })
    .on('error', () => socket.destroy())
    .on('close', () => clearTimeout(timer))
    .resume()
  if (answer) socket.end(answer)
  else socket.end()
}
