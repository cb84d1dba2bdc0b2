import type { Socket } from 'node:net'

/** Resets a connection. One whose FIN is on its way is closed instead: libuv refuses to reset it and would keep it for ever. */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
