import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type Digest, parseDigest } from '../bytestream/digest.ts'
import { Failure } from '../bytestream/failure.ts'
import { readExactly } from '../runtime/read-exactly.ts'

const HANDSHAKE_MS = 10_000
const DIGEST_LENGTH = 40
const connectHead = Buffer.of(5, 1, 0, 3, DIGEST_LENGTH)

/** Our own streamhost: a listener that peers reach without a proxy (XEP-0065's direct mode). */
export interface DirectHost {
  /** Where it can be dialled. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  /** Lets connections for these digests in. Every other digest is refused. */
  expect(...digests: readonly Digest[]): Expectation
  /** Stops listening and closes what nobody took. */
  close(): void
}

export interface Expectation {
  /**
   * The connection that named a digest, paused; the caller ends it. Of several the last that came to the address `to`, or
   * else the last: a target that dials one by one gave up the earlier ones, and one that dials all at once keeps the last
   * (slixmpp). Throws `not-found`.
   */
  take(to?: string): Socket
  /** Lets nobody in any more and closes what was not taken. */
  cancel(): void
}

/** Opens a direct streamhost. `hosts` are the addresses to listen on and to offer; left out: every address that is not loopback. */
export async function openDirectHost(hosts?: readonly string[]): Promise<DirectHost> {
  const expected = new Map<Digest, Socket[]>()
  const open = new Set<Socket>()

  async function greet(socket: Socket): Promise<void> {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    const deadline = setTimeout(() => socket.destroy(), HANDSHAKE_MS)
    try {
      const address = await readAddress(socket)
      const digest = parseDigest(address.toString('latin1', 0, DIGEST_LENGTH))
      const arrived = digest && expected.get(digest)
      if (!arrived) {
        socket.write(Buffer.concat([Buffer.of(5, 2, 0, 3, DIGEST_LENGTH), address]))
        socket.destroySoon()
        return
      }
      arrived.push(socket)
      socket.write(Buffer.concat([Buffer.of(5, 0, 0, 3, DIGEST_LENGTH), address]))
    } catch {
      socket.destroySoon()
    } finally {
      clearTimeout(deadline)
    }
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => void greet(socket))
  const only = hosts?.length === 1 ? hosts[0] : undefined
  server.listen({ port: 0, ...(only && { host: only }) })
  await once(server, 'listening')
  server.on('error', () => {})
  const { port } = server.address() as AddressInfo

  return {
    addresses: (hosts ?? reachableAddresses()).map((host) => ({ host, port })),
    expect(...digests) {
      const arrived: Socket[] = []
      for (const digest of digests) expected.set(digest, arrived)
      const closeAll = () => {
        for (const digest of digests) expected.delete(digest)
        for (const socket of arrived.splice(0)) socket.destroy()
      }
      return {
        take(to) {
          const live = arrived.filter((candidate) => !candidate.destroyed)
          const socket = live.findLast((candidate) => to !== undefined && isAt(candidate, to)) ?? live.at(-1)
          if (socket) arrived.splice(arrived.indexOf(socket), 1)
          closeAll()
          if (!socket) throw new Failure('not-found', 'The peer says it used our own streamhost, but nobody connected')
          open.delete(socket)
          return socket
        },
        cancel: closeAll,
      }
    },
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** The addresses of this machine that others may reach; link-local ones need a zone and are left out. */
export function reachableAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address)
}

/** An IPv4 connection to a listener of both families has an address in IPv6 form. */
function isAt({ localAddress }: Socket, host: string): boolean {
  return localAddress === host || localAddress === `::ffff:${host}`
}

/** Answers the SOCKS5 greeting and reads the CONNECT's digest and port. Throws when it is not XEP-0065's profile. */
async function readAddress(socket: Socket): Promise<Buffer> {
  const [version, count = 0] = await readExactly(socket, 2)
  if (version !== 5) throw new Error('not SOCKS5')
  const methods = await readExactly(socket, count)
  if (!methods.includes(0)) {
    socket.write(Buffer.of(5, 0xff))
    throw new Error('only unknown authentication methods')
  }
  socket.write(Buffer.of(5, 0))
  const head = await readExactly(socket, connectHead.length)
  if (!head.equals(connectHead)) throw new Error('not a CONNECT to a digest')
  return readExactly(socket, DIGEST_LENGTH + 2)
}
