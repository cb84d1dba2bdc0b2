import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Address {
  readonly host: string
  readonly port: number
}

/** One address in front of several: what a Service of Kubernetes is to its pods. Whoever starts it stops it. */
export interface Balancer extends AsyncDisposable {
  readonly address: Address
  /** Lets connections go to this backend too. */
  add(backend: Address): void
  /** Sends the next connection to this backend, and goes round from there. */
  aimAt(backend: Address): void
  /** Ends every connection and frees the port. */
  stop(): Promise<void>
}

/**
 * Starts a balancer on a free port of loopback. Connections go to the backends in turn; one that refuses is passed
 * over. Half-closes and resets are carried to the other side.
 */
export async function startBalancer(): Promise<Balancer> {
  const backends: Address[] = []
  let turn = 0
  const sockets = new Set<Socket>()
  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, async (client) => {
    hold(client)
    client.on('error', () => {})
    for (const backend of inTurn(backends, turn++)) {
      const upstream = await dial(backend)
      if (!upstream) continue
      hold(upstream)
      return join(client, upstream)
    }
    client.resetAndDestroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    return close(server)
  }
  return {
    address: { host: '127.0.0.1', port },
    add: (backend) => {
      backends.push(backend)
    },
    aimAt(backend) {
      turn = backends.findIndex(({ host, port }) => host === backend.host && port === backend.port)
      if (turn < 0) throw new Error(`Cannot aim at ${backend.host}:${backend.port}: it is not a backend`)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function inTurn(backends: readonly Address[], turn: number): Address[] {
  const start = backends.length > 0 ? turn % backends.length : 0
  return [...backends.slice(start), ...backends.slice(0, start)]
}

function dial({ host, port }: Address): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => resolve(undefined))
  })
}

function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.pipe(to)
    from.once('close', (hadError) => {
      if (hadError || !from.readableEnded) to.resetAndDestroy()
    })
  }
  if (client.destroyed) upstream.resetAndDestroy()
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
