import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { Failure, messageOf } from '../shared/bytestream/failure.ts'
import { PatientListener } from '../shared/runtime/patient-listener.ts'
import type { TlsIdentity } from '../shared/runtime/tls-identity.ts'
import type { Connection } from './engine/engine.ts'
import { ignore } from './ignore.ts'
import { oldestOfTooMany } from './limits/strangers.ts'
import { tcpOptions } from './tcp-options.ts'
import { TlsTrunk } from './tls-trunk.ts'

/** How relays reach one another's trunks: over TCP as it is, or inside TLS. The same on every relay. */
export interface TrunkTransport {
  /** Dials host:port. Throws `unavailable`. The caller closes what it gets. */
  dial(address: string, signal: AbortSignal): Promise<Connection>
  listen(at: TrunkAddress, on: TrunkVisitors): Promise<TrunkTransportListener>
}

export interface TrunkAddress {
  readonly host: string
  readonly port: number
  /** How long a handshake may take before there is a connection. */
  readonly handshakeTimeoutMs: number
}

export interface TrunkVisitors {
  /** Somebody has come; the connection is the callee's to close. */
  connection(connection: Connection, remote: string): void
  /** Somebody was turned away before there was a connection. */
  refused(failure: Failure, remote: string): void
}

export interface TrunkTransportListener {
  readonly address: AddressInfo
  /** Listens no more, and closes what is not a connection yet. */
  stop(): void
}

/** Trunks over TCP as it is. */
export const tcpTransport: TrunkTransport = {
  dial: dialTcp,
  async listen(at, { connection, refused }) {
    const server = createServer(tcpOptions, (socket) => connection(socket, remoteOf(socket)))
    return listenFor(server, at, refused)
  },
}

const minVersion = 'TLSv1.3'

/**
 * Trunks inside mutual TLS: both ends demand a certificate of the identity's authority. The name in it is not
 * looked at: relays are dialled at the address of their pod, which no certificate names; the authority is ours alone,
 * and the ticket says which half is meant. A renewed identity is that of the next connection.
 */
export function tlsTransport(identity: TlsIdentity): TrunkTransport {
  return {
    async dial(address, signal) {
      const socket = await dialTcp(address, signal)
      const tls = connectTls({ ...identity.current, minVersion, socket, checkServerIdentity: () => undefined })
      try {
        await once(tls, 'secureConnect', { signal })
      } catch (error) {
        tls.on('error', ignore).destroy()
        throw unreachable(address, signal.aborted ? 'nothing came of TLS in time' : notTls(error), error)
      }
      return new TlsTrunk(tls)
    },

    async listen(at, { connection, refused }) {
      const terms = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: at.handshakeTimeoutMs }
      const server = createTlsServer({ ...tcpOptions, ...terms, ...identity.current, minVersion })
      const leave = identity.onChange(() => server.setSecureContext({ ...identity.current, minVersion }))
      const arriving = new Map<string, Socket>()
      server
        .on('connection', (socket: Socket) => {
          const key = connectionKey(socket)
          arriving.set(key, socket)
          socket.once('close', () => arriving.delete(key))
          oldestOfTooMany(arriving)?.destroy()
        })
        .on('secureConnection', (tls: TLSSocket) => {
          arriving.delete(connectionKey(tls))
          connection(new TlsTrunk(tls), remoteOf(tls))
        })
        .on('tlsClientError', (error: Error, tls: TLSSocket) => {
          const why = tls.authorizationError ? `its certificate is refused: ${tls.authorizationError}` : notTls(error)
          refused(new Failure('forbidden', `Cannot open a trunk: ${why}`, { cause: error }), remoteOf(tls))
          // After an error Node closes it, but not when the handshake took too long.
          tls.on('error', ignore).destroy()
        })
      const listener = await listenFor(server, at, refused)
      return {
        address: listener.address,
        stop() {
          leave()
          listener.stop()
          for (const socket of arriving.values()) socket.destroy()
        },
      }
    },
  }
}

async function dialTcp(address: string, signal: AbortSignal): Promise<Socket> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(address.slice(colon + 1)), ...tcpOptions })
  try {
    await once(socket, 'connect', { signal })
  } catch (error) {
    socket.on('error', ignore).destroy()
    throw unreachable(address, signal.aborted ? 'it took too long' : messageOf(error), error)
  }
  return socket
}

function listenFor(
  server: Server,
  { host, port }: TrunkAddress,
  refused: TrunkVisitors['refused'],
): Promise<PatientListener> {
  return PatientListener.start(
    { server, failed: (failure) => refused(failure, 'unknown') },
    { host, port, backlog: 4096 },
  )
}

function unreachable(address: string, why: string, cause: unknown): Failure {
  return new Failure('unavailable', `Cannot dial the trunk at ${address}: ${why}`, { cause })
}

/** Why a handshake failed; the commonest reason is that only one of the two relays uses TLS. */
function notTls(error: unknown): string {
  return `${messageOf(error)} (is RELAY_TRUNK_TLS the same on both relays?)`
}

/** The same for a TLS socket and for the TCP socket that it speaks through. */
function connectionKey({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`
}

function remoteOf(socket: Socket): string {
  return socket.remoteAddress ?? 'unknown'
}
