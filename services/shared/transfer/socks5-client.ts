import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Digest } from '../bytestream/digest.ts'
import { Failure, messageOf } from '../bytestream/failure.ts'
import { readExactly } from '../runtime/read-exactly.ts'
import { type DialGuard, guardDialling } from './dial-guard.ts'
import { describeStreamhost, type Streamhost } from './streamhost.ts'

export interface DialOptions {
  /** For the whole of it: name lookup, TCP and SOCKS5. Default 15 000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly guard?: DialGuard
}

/** At which point a streamhost failed. */
export type DialStage = 'tcp' | 'greeting' | 'connect'

/** A streamhost that could not be joined. `reply` is the SOCKS5 reply code where it sent one. */
export class DialFailure extends Failure {
  readonly stage: DialStage
  readonly reply?: number

  constructor(stage: DialStage, message: string, options: { cause?: unknown; reply?: number }) {
    super('unavailable', message, { cause: options.cause })
    this.stage = stage
    if (options.reply !== undefined) this.reply = options.reply
  }
}

const greeting = Buffer.of(5, 1, 0)
const acceptance = Buffer.of(5, 0)

/** What the reply codes of RFC 1928 §6 say. */
export const replyMeanings: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'TTL expired',
  7: 'command not supported',
  8: 'address type not supported',
}

/**
 * Dials a streamhost and names the digest (XEP-0065 §5.3.2). Resolves with a paused socket whose next byte is the
 * stream's first; the caller ends it. Throws `DialFailure`, or what the signal or the guard says.
 */
export async function dialStreamhost(
  streamhost: Streamhost,
  digest: Digest,
  { timeoutMs = 15_000, signal, guard = guardDialling() }: DialOptions = {},
): Promise<Socket> {
  signal?.throwIfAborted()
  guard.check(streamhost.host)
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline
  const socket = connect({
    host: streamhost.host,
    port: streamhost.port,
    lookup: guard.lookup,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  })
  // Errors are seen where the socket is read or written; one between two owners must not end the process.
  socket.on('error', () => {})
  const abort = () => socket.destroy(either.reason)
  either.addEventListener('abort', abort, { once: true })
  let stage: DialStage = 'tcp'
  try {
    await once(socket, 'connect')
    stage = 'greeting'
    socket.write(greeting)
    const method = await readExactly(socket, acceptance.length)
    if (!method.equals(acceptance)) throw refused(stage, `it answered ${method.toString('hex')} to the SOCKS5 greeting`)
    stage = 'connect'
    const request = connectRequest(digest)
    socket.write(request)
    await readReply(socket, request)
    return socket
  } catch (error) {
    socket.destroy()
    signal?.throwIfAborted()
    if (error instanceof Failure && !(error instanceof DialFailure)) throw error
    const why = deadline.aborted ? `nothing came within ${timeoutMs} ms` : messageOf(error)
    throw new DialFailure(stage, `Cannot join streamhost ${describeStreamhost(streamhost)}: ${why}`, {
      cause: error,
      ...(error instanceof DialFailure && error.reply !== undefined && { reply: error.reply }),
    })
  } finally {
    either.removeEventListener('abort', abort)
  }
}

/** The CONNECT request that names a digest. */
export function connectRequest(digest: Digest): Buffer {
  return Buffer.concat([Buffer.of(5, 1, 0, 3, digest.length), Buffer.from(digest, 'latin1'), Buffer.of(0, 0)])
}

async function readReply(socket: Socket, request: Buffer): Promise<void> {
  const head = await readExactly(socket, 2)
  const [version, code = 0] = head
  if (version !== 5) throw refused('connect', `its reply is not SOCKS5: ${head.toString('hex')}`)
  if (code !== 0) {
    const meaning = replyMeanings[code] ?? 'unknown code'
    throw refused('connect', `it refused with SOCKS5 reply ${String(code).padStart(2, '0')} (${meaning})`, code)
  }
  const rest = await readExactly(socket, request.length - 2)
  // XEP-0065 §5.3.2: the reply repeats the request's address; anything else would leave its tail in the stream.
  if (!rest.equals(request.subarray(2))) throw refused('connect', 'its reply does not repeat the address asked for')
}

function refused(stage: DialStage, why: string, reply?: number): DialFailure {
  return new DialFailure(stage, why, { ...(reply !== undefined && { reply }) })
}
