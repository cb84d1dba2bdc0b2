import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { readExactly } from '../../services/shared/runtime/read-exactly.ts'
import { bytestreamsQuery, formatStreamhost, type Streamhost } from '../../services/shared/transfer/streamhost.ts'
import { type Session, senderOf } from '../../services/shared/xmpp/session.ts'
import { StanzaError } from '../../services/shared/xmpp/stanza-error.ts'
import { attribute, ns } from '../../services/shared/xmpp/xml.ts'
import { atEnd } from './at-end.ts'

/** The smallest XEP-0065 proxy, at a session of its own: for tests of clients without a server. */
export interface MemoryProxy {
  readonly streamhost: Streamhost
  /** Who had it activate, in order. */
  readonly activations: readonly string[]
}

/** Starts one until the test is over. With `activates: false` it refuses to. */
export async function startMemoryProxy(
  t: TestContext,
  session: Session,
  { activates = true }: { readonly activates?: boolean } = {},
): Promise<MemoryProxy> {
  const halves = new Map<string, Socket[]>()
  const open = new Set<Socket>()
  const activations: string[] = []

  async function greet(socket: Socket): Promise<void> {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    await readExactly(socket, 3)
    socket.write(Buffer.of(5, 0))
    const request = await readExactly(socket, 47)
    const digest = request.toString('latin1', 5, 45)
    halves.set(digest, [...(halves.get(digest) ?? []), socket])
    request[1] = 0
    socket.write(request)
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => void greet(socket).catch(() => socket.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  const { local, domain } = session.jid
  const jid = local ? `${local}@${domain}` : domain
  const streamhost = { jid, host: '127.0.0.1', port: (server.address() as AddressInfo).port }

  session.onIq({ type: 'get', name: 'query', namespace: ns.bytestreams }, () =>
    bytestreamsQuery(undefined, formatStreamhost(streamhost)),
  )
  session.onIq({ type: 'set', name: 'query', namespace: ns.bytestreams }, (query, iq) => {
    const requester = senderOf(iq, session)
    activations.push(requester)
    if (!activates) throw new StanzaError({ condition: 'not-allowed' })
    const digest = digestAsTyped(attribute(query, 'sid') ?? '', requester, query.getChildText('activate') ?? '')
    const [first, second, ...more] = (halves.get(digest) ?? []).filter((half) => !half.destroyed)
    if (!first || !second || more.length > 0) throw new StanzaError({ condition: 'item-not-found' })
    first.pipe(second)
    second.pipe(first)
    return undefined
  })
  return { streamhost, activations }
}
