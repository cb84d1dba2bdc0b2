import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below Linux's ephemeral range (32768 upwards), so that no outgoing connection takes the port before its server does.
const lowest = 15_000
const highest = 30_000
const attempts = 100

const given = new Set<number>()

/**
 * A TCP port that nothing on `host` listens on now, never the same twice in one process. The port is only known to be
 * free, not reserved. Throws after a hundred ports in use.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest)
    if (given.has(port) || !(await isFree(port, host))) continue
    given.add(port)
    return port
  }
  throw new Error(`Cannot find a free port on ${host}: ${attempts} ports between ${lowest} and ${highest} are in use`)
}

/** Whether a server could listen on this port now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
