import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { Failure, messageOf } from '../bytestream/failure.ts'
import { formatJid } from '../bytestream/jid.ts'
import { discoverInfo } from '../xmpp/discovery.ts'
import type { Session } from '../xmpp/session.ts'
import { type OnTransferEvent, stepEvent, type TransferEvent } from './events.ts'
import { requestBytestream } from './requester.ts'
import { receiveFromSocket, sendOverSocket } from './socket-stream.ts'
import { DialFailure, type DialOptions, type DialStage } from './socks5-client.ts'
import type { Streamhost } from './streamhost.ts'
import { acceptBytestream } from './target.ts'

/** What a probe was about when it failed. */
export type ProbeStage = 'discovery' | 'address' | DialStage | 'activation' | 'bytes'

/** A probe that failed: where, and what lies beneath. `reply` is a SOCKS5 reply code. */
export class ProbeFailure extends Failure {
  readonly stage: ProbeStage
  readonly reply?: number

  constructor(stage: ProbeStage, cause: unknown, reply?: number) {
    super('unavailable', messageOf(cause), { cause })
    this.stage = stage
    if (reply !== undefined) this.reply = reply
  }
}

export interface ProbeResult {
  readonly streamhost: Streamhost
  readonly bytes: number
  /** From the first byte sent to the last received. */
  readonly durationMs: number
}

export interface ProbeOptions {
  readonly proxy: string
  /** How many bytes go through. Default 1 MiB. */
  readonly bytes?: number
  readonly dial?: DialOptions
  readonly signal: AbortSignal
}

/**
 * Sends random bytes to oneself through a proxy: the session is requester and target at once, so every one of the fifteen
 * steps but the search for the proxy is walked, from here. Throws `ProbeFailure`.
 */
export async function probeProxy(
  session: Session,
  tell: OnTransferEvent,
  { proxy, bytes = 1024 * 1024, dial, signal }: ProbeOptions,
): Promise<ProbeResult> {
  const own = formatJid(session.jid)
  await discover(session, proxy, tell, signal)
  const sid = randomUUID()
  const failed: Extract<TransferEvent, { event: 'streamhost-failed' }>[] = []
  let lastStep = 6
  const watch: OnTransferEvent = (event) => {
    if (event.event === 'streamhost-failed') failed.push(event)
    if (event.event === 'step') lastStep = Math.max(lastStep, event.step)
    tell(event)
  }
  const over = new AbortController()
  const options = { sid, signal: AbortSignal.any([signal, over.signal]), ...(dial && { dial }) }
  // Only the target tells of step 9 and 10 as they happen; the requester would tell of them twice.
  const accepting = acceptBytestream({ session, tell: watch }, { ...options, requester: own })
  accepting.catch(() => {})
  let requested: Awaited<ReturnType<typeof requestBytestream>>
  try {
    const tellRequester: OnTransferEvent = (event) => {
      if (event.event !== 'step' || (event.step !== 9 && event.step !== 10)) watch(event)
    }
    requested = await requestBytestream({ session, tell: tellRequester }, { ...options, target: own, proxies: [proxy] })
  } catch (error) {
    over.abort(error)
    throw locate(error, lastStep, failed.at(-1))
  }
  const target = (await accepting).socket
  tell(stepEvent(15, own, own, `${bytes} bytes`))
  const durationMs = await exchange(requested.socket, target, bytes, signal).catch((error: unknown) => {
    throw new ProbeFailure('bytes', error)
  })
  return { streamhost: requested.streamhost, bytes, durationMs }
}

async function discover(session: Session, proxy: string, tell: OnTransferEvent, signal: AbortSignal): Promise<void> {
  const own = formatJid(session.jid)
  tell(stepEvent(5, own, proxy))
  try {
    const { identities } = await discoverInfo(session, proxy, { timeoutMs: 15_000, signal })
    const identity = identities.find(({ category, type }) => category === 'proxy' && type === 'bytestreams')
    if (!identity) throw new Failure('not-found', `${proxy} answers, but is no bytestreams proxy`)
    tell(stepEvent(6, proxy, own, identity.name))
  } catch (error) {
    throw new ProbeFailure('discovery', error)
  }
}

function locate(
  error: unknown,
  lastStep: number,
  target: { reason: string; stage?: DialStage; reply?: number } | undefined,
): ProbeFailure {
  if (error instanceof DialFailure) return new ProbeFailure(error.stage, error, error.reply)
  if (lastStep < 9) return new ProbeFailure('address', error)
  if (target && lastStep < 10) return new ProbeFailure(target.stage ?? 'tcp', target.reason, target.reply)
  return new ProbeFailure(lastStep < 12 ? 'tcp' : 'activation', error)
}

async function exchange(from: Socket, to: Socket, bytes: number, signal: AbortSignal): Promise<number> {
  const payload = randomBytes(bytes)
  const startedAt = performance.now()
  const received = createHash('sha256')
  async function* once(): AsyncGenerator<Buffer> {
    yield payload
  }
  const receiving = (async () => {
    for await (const chunk of receiveFromSocket(to, bytes, { idleTimeoutMs: 15_000, signal })) received.update(chunk)
    return performance.now() - startedAt
  })()
  const [durationMs] = await Promise.all([
    receiving,
    sendOverSocket(from, once(), () => {}, { idleTimeoutMs: 15_000, signal }),
  ])
  const expected = createHash('sha256').update(payload).digest('hex')
  if (received.digest('hex') !== expected) throw new Failure('malformed', 'The bytes that arrived are not those sent')
  return durationMs
}
