import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Address } from '../../../deploy/local/balancer.ts'
import { Lane } from './lane.ts'
import { reset } from './reset.ts'
import type { Direction, Toxic } from './toxic.ts'

/** A TCP proxy that can be made to fail as networks do. Whoever starts it stops it. */
export interface FaultProxy extends AsyncDisposable {
  readonly address: Address
  /** How many connections go through it now. */
  readonly connections: number
  /** Bytes that have arrived since it started, by direction, whether they were let through or not. */
  readonly arrived: Readonly<Record<Direction, number>>
  /** Puts a toxic on every connection, those that are there and those that come. Returns the way to take it off. */
  add(toxic: Toxic, direction?: Direction): () => void
  /** Takes all toxics off. */
  clear(): void
  /** Refuses new connections, and resets those that are there, until `up()`. */
  down(): Promise<void>
  up(): Promise<void>
  /** Sends connections elsewhere from now on, and resets those that are there. */
  leadTo(upstream: Address): void
  /** Resolves when `bytes` more have arrived this way than at the call. */
  until(direction: Direction, bytes: number, signal?: AbortSignal): Promise<void>
  /** Ends every connection and frees the port. */
  stop(): Promise<void>
}

/** Starts a fault proxy in front of `upstream`; it listens where it is told, by default on a free port of loopback. */
export async function startFaultProxy(
  upstream: Address,
  { host = '127.0.0.1', port = 0 }: Partial<Address> = {},
): Promise<FaultProxy> {
  const toxics = { upstream: new Set<Toxic>(), downstream: new Set<Toxic>() }
  const arrived = { upstream: 0, downstream: 0 }
  const changes = new EventEmitter().setMaxListeners(0)
  const arrivals = new EventEmitter().setMaxListeners(0)
  const sockets = new Set<Socket>()
  let target = upstream

  const hold = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  }
  const lane = (from: Socket, to: Socket, direction: Direction) =>
    new Lane(from, to, {
      toxics: () => [...toxics[direction]],
      changes,
      arrived(bytes) {
        arrived[direction] += bytes
        arrivals.emit('bytes')
      },
    })
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    hold(client)
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true })
    hold(server)
    server.once('connect', () => {
      if (client.destroyed) return void server.destroy()
      lane(client, server, 'upstream')
      lane(server, client, 'downstream')
    })
    server.once('error', () => reset(client))
  })
  const listen = async (at: Address) => {
    server.listen({ ...at, backlog: 4096 })
    await once(server, 'listening')
  }
  const resetAll = () => {
    for (const socket of sockets) reset(socket)
  }
  const down = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    resetAll()
    await closed
  }

  await listen({ host, port })
  const address = { host, port: (server.address() as AddressInfo).port }
  return {
    address,
    get connections() {
      return sockets.size / 2
    },
    arrived,
    add(toxic, direction = 'downstream') {
      const own = { ...toxic }
      toxics[direction].add(own)
      changes.emit('change')
      return () => {
        if (toxics[direction].delete(own)) changes.emit('change')
      }
    },
    clear() {
      for (const each of Object.values(toxics)) each.clear()
      changes.emit('change')
    },
    down,
    async up() {
      if (!server.listening) await listen(address)
    },
    leadTo(upstream) {
      target = upstream
      resetAll()
    },
    async until(direction, bytes, signal) {
      const goal = arrived[direction] + bytes
      while (arrived[direction] < goal) await once(arrivals, 'bytes', signal ? { signal } : {})
    },
    stop: down,
    [Symbol.asyncDispose]: down,
  }
}
