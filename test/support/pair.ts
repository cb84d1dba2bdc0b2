import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { RelayProcess } from '../../deploy/local/fleet.ts'
import { type Digest, digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { type ClientHalf, dialHalf, readToEnd } from './socks-client.ts'

/** What requester and target have agreed on before they dial. */
export interface Agreement {
  readonly sid: string
  readonly target: string
  readonly digest: Digest
}

/** Two sockets that wait in one room. Disposing resets both: after a FIN they could be activated for a while yet. */
export interface Pair extends Disposable {
  readonly first: Socket
  readonly second: Socket
}

/** A bytestream that no other test uses. */
export function agree(requester: string, target = 'bob@example.test/desk'): Agreement {
  const sid = randomUUID()
  return { sid, target, digest: digestAsTyped(sid, requester, target) }
}

/** Dials a relay past the balancers. An error of the socket later on is for the test to see in what it reads. */
export async function dialRelay(relay: RelayProcess | undefined, digest: Digest): Promise<ClientHalf> {
  const address = relay?.socks['']
  if (!address) throw new Error('Cannot dial a relay that is not there')
  const half = await dialHalf(address.port, digest, address.host)
  half.socket.on('error', () => {})
  return half
}

/** Dials one half after the other and expects both to be let in. */
export async function dialPair(
  first: RelayProcess | undefined,
  second: RelayProcess | undefined,
  digest: Digest,
): Promise<Pair> {
  const halves: ClientHalf[] = []
  for (const relay of [first, second]) halves.push(await dialRelay(relay, digest))
  return pairOf(halves)
}

/** The pair that two halves are. Fails unless both were let in, and there are two. */
export function pairOf(halves: readonly ClientHalf[]): Pair {
  assert.deepEqual(
    halves.map(({ rep }) => rep),
    [0, 0],
  )
  const [first, second] = halves.map(({ socket }) => socket)
  assert.ok(first && second)
  return {
    first,
    second,
    [Symbol.dispose]() {
      first.resetAndDestroy()
      second.resetAndDestroy()
    },
  }
}

/** Sends random bytes and a FIN both ways, and fails unless exactly these arrive. Gives their number each way. */
export async function exchange({ first, second }: Pair, bytes = 100_000): Promise<number> {
  const sent = [randomBytes(bytes), randomBytes(bytes)] as const
  first.end(sent[0])
  second.end(sent[1])
  const [atSecond, atFirst] = await Promise.all([readToEnd(second), readToEnd(first)])
  assert.ok(atSecond.equals(sent[0]), 'what the first sent has arrived')
  assert.ok(atFirst.equals(sent[1]), 'what the second sent has arrived')
  return bytes
}
