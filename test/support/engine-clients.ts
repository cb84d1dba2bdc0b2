import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Engine, Flow, Held } from '../../services/relay/engine/engine.ts'
import { tcpOptions } from '../../services/relay/tcp-options.ts'

/** A client whose connection an engine holds, with what the engine told of it. */
export interface HeldClient {
  readonly client: Socket
  readonly held: Held
  readonly seen: ('finished' | 'gone')[]
}

/** Two clients whose connections an engine has joined. */
export interface JoinedClients {
  readonly a: Socket
  readonly b: Socket
  readonly flow: Flow
}

/** How a connection is held: in which room (default all in one), with which bytes before its own (default none). */
export interface HoldChoice {
  readonly room?: string
  readonly prefix?: Buffer
}

/** Clients on loopback in the hands of one engine. Disposing closes the listener and every client. */
export interface EngineClients extends AsyncDisposable {
  /** A client, and the listener's end of its connection. */
  connection(): Promise<{ client: Socket; socket: Socket }>
  hold(choice?: HoldChoice): Promise<HeldClient>
  join(choice?: HoldChoice): Promise<JoinedClients>
}

/** Opens a listener whose connections go to the engine, which stays the caller's to stop. */
export async function openEngineClients(engine: Engine): Promise<EngineClients> {
  const accepted = new Map<number, Socket>()
  const awaited = new Map<number, (socket: Socket) => void>()
  const clients = new Set<Socket>()
  const server = createServer({ ...tcpOptions, pauseOnConnect: true }, (socket) => {
    const port = socket.remotePort ?? 0
    const take = awaited.get(port)
    awaited.delete(port)
    if (take) take(socket)
    else accepted.set(port, socket)
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address !== 'object') throw new Error('The listener has no address')
  const { port } = address

  function serverEnd(localPort: number): Promise<Socket> {
    const { promise, resolve } = Promise.withResolvers<Socket>()
    const socket = accepted.get(localPort)
    accepted.delete(localPort)
    if (socket) resolve(socket)
    else awaited.set(localPort, resolve)
    return promise
  }

  const it: EngineClients = {
    async connection() {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
      // A reset that a test does not wait for is none of its business.
      client.on('error', () => {}).on('close', () => clients.delete(client))
      clients.add(client)
      await once(client, 'connect')
      return { client, socket: await serverEnd(client.localPort ?? 0) }
    },
    async hold({ room = 'room', prefix = Buffer.alloc(0) } = {}) {
      const { client, socket } = await it.connection()
      const seen: HeldClient['seen'] = []
      const watch = { finished: () => void seen.push('finished'), gone: () => void seen.push('gone') }
      return { client, seen, held: engine.hold(socket, { room, prefix }, watch) }
    },
    async join(choice) {
      const [first, second] = await Promise.all([it.hold(choice), it.hold(choice)])
      return { a: first.client, b: second.client, flow: engine.join(first.held, second.held) }
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return it
}
