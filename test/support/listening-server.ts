import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:net'

/** What `listen` gives, and the one server that it has made listen, which it may keep to itself. */
export async function withServerOf<T>(
  listen: () => Promise<T>,
): Promise<{ readonly opened: T; readonly server: Server }> {
  const servers: Server[] = []
  const note = (message: unknown) => void servers.push((message as { server: Server }).server)
  subscribe('tracing:net.server.listen:asyncEnd', note)
  try {
    const opened = await listen()
    const [server] = servers
    if (!server || servers.length > 1) throw new Error(`${servers.length} servers listen, not one`)
    return { opened, server }
  } finally {
    unsubscribe('tracing:net.server.listen:asyncEnd', note)
  }
}
