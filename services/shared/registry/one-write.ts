import { Cluster, type Redis } from 'ioredis'

type Stream = Redis['stream']

/**
 * Has all commands that are sent in one turn of the event loop leave in one write: a write costs more than the command that
 * is in it. Call what it gives before each command. A Cluster has a connection for each node; there every command leaves
 * by itself.
 */
export function oneWritePerTurn(client: Redis | Cluster): () => void {
  if (client instanceof Cluster) return () => {}
  // Another after each reconnect.
  let gathering: Stream | undefined
  return () => {
    const { stream } = client
    // Undefined until the first connect, whatever its type says.
    if (!stream || stream === gathering) return
    gathering = stream
    stream.cork()
    setImmediate(() => {
      stream.uncork()
      if (gathering === stream) gathering = undefined
    })
  }
}
