import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { describe, it } from 'node:test'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { startHeaderProxy } from '../support/haproxy.ts'
import { activate, freshDigest, startRelays, type TestRelay } from '../support/relays.ts'
import { closed, connectRequest, dialHalf, greeting, readToEnd, readUpTo } from '../support/socks-client.ts'
import { until } from '../support/until.ts'

const settings = { proxyListen: ['127.0.0.1:0'], proxyTrusted: ['127.0.0.0/8'] }
const header = Buffer.from('PROXY TCP4 198.51.100.7 203.0.113.5 40000 7777\r\n')
const ANSWER_BYTES = 2 + 47
const halfOpen = { allowHalfOpen: true }

describe('A listener for proxies', () => {
  it('believes a header wherever it and the handshake are cut, and passes what follows on exactly', async () => {
    await using relays = await startRelays(1, settings)
    const [relay] = relays.relays
    const whole = Buffer.concat([header, greeting, connectRequest(freshDigest())])
    for (const size of [1, header.length - 1, header.length, header.length + 1, whole.length]) {
      const digest = freshDigest()
      const socket = await dial(proxiedPort(relay), halfOpen)
      const input = Buffer.concat([header, greeting, connectRequest(digest), Buffer.from('early')])
      for (let at = 0; at < input.length; at += size) {
        const piece = input.subarray(at, at + size)
        await new Promise((resolve) => socket.write(piece, resolve))
      }
      const answer = await readUpTo(socket, ANSWER_BYTES)
      assert.equal(answer[3], 0, `in pieces of ${size}`)
      // The other half comes by the open listener: the streamhost is the same.
      const other = await dialHalf(relay.ports.socks[''] ?? 0, digest)
      await until('both wait', async () => (await relay.sample('splice65_half_connections_waiting')) === 2)
      await activate(relays, digest)
      other.socket.end()
      assert.equal((await readUpTo(other.socket, 5)).toString(), 'early')
      socket.end()
      await Promise.all([readToEnd(other.socket), readToEnd(socket)])
    }
    const remotes = relay.lines.filter(({ msg }) => msg === 'half-connection waits').map(({ remote }) => remote)
    assert.deepEqual([...new Set(remotes)].sort(), ['127.0.0.1', '198.51.100.7'])
  })

  it('closes what has no header, a bad one, or half of one, and says which, once a minute aloud', async () => {
    await using relays = await startRelays(1, settings)
    const [relay] = relays.relays
    const cases = [
      [greeting, 'header-missing'],
      [Buffer.from('PROXY TCP4 nonsense\r\n'), 'header-malformed'],
    ] as const
    for (const [input, result] of cases) {
      const socket = await dial(proxiedPort(relay))
      socket.write(input)
      await closed(socket)
      await until('it is counted', async () => (await relay.sample('splice65_handshakes_total', { result })) === 1)
    }
    const half = await dial(proxiedPort(relay))
    half.end(header.subarray(0, 20))
    await until(
      'it is counted',
      async () => (await relay.sample('splice65_handshakes_total', { result: 'aborted' })) === 1,
    )
    assert.equal(relay.lines.filter(({ level }) => level === 'warn').length, 1)
    await until('nothing is left open', async () => (await relay.sample('splice65_sockets_open')) === 0)
  })

  it('takes who leaves before the header, or behind it, for a probe', async () => {
    await using relays = await startRelays(1, settings)
    const [relay] = relays.relays
    for (const [i, input] of [Buffer.alloc(0), header].entries()) {
      const socket = await dial(proxiedPort(relay))
      socket.end(input)
      await until('it is counted', async () => {
        return (await relay.sample('splice65_handshakes_total', { result: 'probe' })) === i + 1
      })
    }
  })

  it('lets a header that does not come expire', async () => {
    await using relays = await startRelays(1, { ...settings, handshakeTimeoutMs: 50 })
    const [relay] = relays.relays
    const socket = await dial(proxiedPort(relay))
    socket.write(header.subarray(0, 10))
    await closed(socket)
    await until(
      'it is counted',
      async () => (await relay.sample('splice65_handshakes_total', { result: 'expired' })) === 1,
    )
  })

  it('closes whoever is not trusted', async () => {
    await using relays = await startRelays(1, { ...settings, proxyTrusted: ['192.0.2.0/24'] })
    const [relay] = relays.relays
    const socket = await dial(proxiedPort(relay))
    socket.write(header)
    await closed(socket)
    await until(
      'it is counted',
      async () => (await relay.sample('splice65_handshakes_total', { result: 'untrusted' })) === 1,
    )
  })

  it('needs to know whom it may trust', async () => {
    await assert.rejects(
      startRelays(1, { ...settings, proxyTrusted: [] }),
      (error) => error instanceof Failure && /RELAY_PROXY_TRUSTED/.test(error.message),
    )
  })
})

describe('A listener for clients', () => {
  it('refuses a header, even of a proxy that is trusted elsewhere', async () => {
    await using relays = await startRelays(1, settings)
    const [relay] = relays.relays
    const socket = await dial(relay.ports.socks[''] ?? 0)
    socket.write(Buffer.concat([header, greeting]))
    await closed(socket)
    await until('it is counted', async () => {
      return (await relay.sample('splice65_handshakes_total', { result: 'not-socks5' })) === 1
    })
  })
})

for (const engine of ['splice', 'stream'] as const) {
  for (const version of [1, 2] as const) {
    describe(`HAProxy that sends version ${version}, before the ${engine} engine`, () => {
      it('moves a bytestream exactly, shows the clients’ addresses, and its checks are probes', async () => {
        await using relays = await startRelays(1, { ...settings, engine })
        const [relay] = relays.relays
        await using haproxy = await startHeaderProxy(version, proxiedPort(relay))
        await until('it has looked twice', async () => {
          return (await relay.sample('splice65_handshakes_total', { result: 'probe' })) >= 2
        })
        const digest = freshDigest()
        const first = await ask(await dial(haproxy.port, { ...halfOpen, localAddress: '127.0.0.7' }), digest)
        const second = await ask(await dial(haproxy.port, { ...halfOpen, localAddress: '127.0.0.8' }), digest)
        await until('both wait', async () => (await relay.sample('splice65_half_connections_waiting')) === 2)
        await activate(relays, digest)
        const [request, answer] = [randomBytes(3_000_000), randomBytes(1_000_000)]
        first.end(request)
        assert.ok((await readToEnd(second)).equals(request))
        second.end(answer)
        assert.ok((await readToEnd(first)).equals(answer))
        const remotes = relay.lines.filter(({ msg }) => msg === 'half-connection waits').map(({ remote }) => remote)
        assert.deepEqual(remotes, ['127.0.0.7', '127.0.0.8'])
        assert.deepEqual(
          relay.lines.filter(({ level }) => level === 'warn'),
          [],
        )
      })
    })
  }
}

function proxiedPort({ ports }: TestRelay): number {
  return ports.proxied[''] ?? 0
}

async function dial(port: number, options: Partial<TcpNetConnectOpts> = {}): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function ask(socket: Socket, digest: string): Promise<Socket> {
  socket.write(Buffer.concat([greeting, connectRequest(digest)]))
  const answer = await readUpTo(socket, ANSWER_BYTES)
  assert.equal(answer[3], 0)
  return socket
}
