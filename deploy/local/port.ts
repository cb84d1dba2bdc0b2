import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { createServer } from 'node:net'

const loopback = '127.0.0.1'
const attempts = 100

/** Of the ports that this process was given; they are closed when it ends, however it ends. */
const reservations = new Set<Socket>()

/** Which ports will do. */
export interface PortChoice {
  /** The address it is for. Default: 127.0.0.1. */
  readonly host?: string
  /** Default: 15 000. */
  readonly lowest?: number
  /** The first that is too high. Default: 30 000. */
  readonly highest?: number
  /** A second port is needed, so much higher. */
  readonly secondAbove?: number
}

/**
 * A TCP port that nothing listens on now, and that is given to nobody else, in this process or another, for
 * as long as this process lives. Throws after a hundred ports in use.
 *
 * Ports are below Linux's ephemeral range (32768 upwards), so that no outgoing connection takes one before its server does.
 */
export async function freePort(choice: PortChoice = {}): Promise<number> {
  const { host = loopback, lowest = 15_000, highest = 30_000, secondAbove } = choice
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest)
    if (!(await take(port, host))) continue
    if (secondAbove === undefined || (await take(port + secondAbove, host))) return port
  }
  throw new Error(`Cannot find a free port on ${host}: ${attempts} from ${lowest} to ${highest} are in use`)
}

async function take(port: number, host: string): Promise<boolean> {
  return (await reserve(port, host)) && (await isFree(port, host))
}

/** Whether a server could listen on this port now. */
export function isFree(port: number, host = loopback): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * Tries to be the one who gives this port away. Two processes may find the same port free before either of them listens
 * on it; UDP's port of the same number, which nothing here has any use for, goes to one of them only.
 */
function reserve(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref()
    socket.once('error', () => {
      socket.close()
      resolve(false)
    })
    socket.bind({ port, address: host, exclusive: true }, () => {
      reservations.add(socket)
      resolve(true)
    })
  })
}
