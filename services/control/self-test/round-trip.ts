import { randomBytes, randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { digestOf } from '../../shared/bytestream/digest.ts'
import { formatJid, type Jid } from '../../shared/bytestream/jid.ts'
import { DialFailure, dialStreamhost } from '../../shared/transfer/socks5-client.ts'
import type { Activator } from '../bytestreams/activator.ts'
import { type Streamhost, streamhostJid } from '../bytestreams/streamhost.ts'
import { asSelfTestFailure, SelfTestFailure, type SelfTestStage } from './self-test-failure.ts'
import { withinSignal } from './within-signal.ts'

export interface RoundTripOptions {
  readonly componentDomain: string
  /** How many bytes go each way. */
  readonly selfTestBytes: number
  readonly signal: AbortSignal
}

/** REP 01, general failure: what a relay says that drains, and another behind the same address may say yes. */
export const generalFailure = 1

/** A balancer that goes round in turn would otherwise lead one of the two connections to a draining relay every time. */
const mostDials = 4

/**
 * Sends bytes through an advertised address and back, as two clients would: two connections that name one digest, an
 * activation, random bytes both ways, a FIN both ways. Answers with the names of the relays that held the two halves.
 * Who is refused as by a draining relay dials again. Both sockets are closed in the end. Throws `SelfTestFailure`.
 */
export async function roundTrip(
  { activator }: { readonly activator: Pick<Activator, 'activate'> },
  { name, host, port }: Streamhost,
  { componentDomain, selfTestBytes, signal }: RoundTripOptions,
): Promise<readonly string[]> {
  // JIDs of our own domain: nobody else can be stamped with one, so nobody else can name this digest's activation.
  const [requester, target] = [someoneAt(componentDomain), someoneAt(componentDomain)]
  const digest = digestOf(randomUUID(), requester, target)
  const address = { jid: streamhostJid(componentDomain, name), host, port }

  using sockets = new DisposableStack()
  const dial = async (dials = 1): Promise<Socket> => {
    try {
      return sockets.adopt(await dialStreamhost(address, digest, { signal }), (it) => it.destroy())
    } catch (error) {
      const isDraining = error instanceof DialFailure && error.reply === generalFailure
      if (isDraining && dials < mostDials) return dial(dials + 1)
      throw error
    }
  }
  const abort = () => sockets.dispose()
  let stage: SelfTestStage = 'dial'
  try {
    // One after the other: where the first does not come through, the second would only repeat it.
    const [one, other] = [await dial(), await dial()]
    signal.addEventListener('abort', abort, { once: true })
    stage = 'activation'
    const { relays } = await withinSignal(
      activator.activate({
        rooms: [{ digest, streamhost: name }],
        requester: formatJid(requester),
        target: formatJid(target),
        selfTest: true,
      }),
      signal,
    )
    stage = 'bytes'
    await Promise.all([carry(one, other, selfTestBytes), carry(other, one, selfTestBytes)])
    return relays
  } catch (error) {
    throw asSelfTestFailure(stage, signal.aborted ? signal.reason : error)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function someoneAt(domain: string): Jid {
  return { local: 'self-test', domain, resource: randomUUID() }
}

/** Writes random bytes and a FIN at one end, and compares what comes out at the other until its FIN. */
async function carry(from: Socket, to: Socket, bytes: number): Promise<void> {
  const sent = randomBytes(bytes)
  from.end(sent)
  const received = await readToEnd(to, bytes)
  if (received.equals(sent)) return
  const what = received.length === bytes ? 'other bytes' : `${received.length} bytes`
  throw new SelfTestFailure('bytes', `Sent ${bytes} bytes through the address, and ${what} came out`)
}

/** Everything up to the FIN; a little more than `expected` when there is more. */
async function readToEnd(socket: Socket, expected: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > expected) break
  }
  return Buffer.concat(chunks)
}
