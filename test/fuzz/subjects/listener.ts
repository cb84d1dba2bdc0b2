import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { streamEngine } from '../../../services/relay/engine/stream.ts'
import type { HandshakeResult } from '../../../services/relay/events.ts'
import { ConnectionRate } from '../../../services/relay/limits/connection-rate.ts'
import { Pairing } from '../../../services/relay/pairing.ts'
import { ProxyHeader } from '../../../services/relay/proxy-protocol/header.ts'
import { SocketCount } from '../../../services/relay/socket-count.ts'
import { listenSocks } from '../../../services/relay/socks-listener.ts'
import { Places } from '../../../services/shared/limits/places.ts'
import { parseTrustedProxies } from '../../../services/shared/limits/trusted-proxies.ts'
import { createMemoryRegistry } from '../../../services/shared/registry/memory.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'
import type { Subject } from '../subject.ts'
import { makeProxyHeader } from './proxy-header-bytes.ts'
import { askedOf, makeHandshake } from './socks5-bytes.ts'

interface Visit {
  readonly proxied: boolean
  readonly pieces: readonly Buffer[]
}

/** The port that clients dial, with and without a PROXY header, over real sockets. */
export async function openListener(): Promise<Subject<Visit>> {
  const clock = new ManualClock()
  const registry = createMemoryRegistry({ clock })
  let ended = Promise.withResolvers<HandshakeResult>()
  const pairing = new Pairing(
    { registry, clock, activated: () => false, events: { halfEnded: () => {}, registryFailed: () => {} } },
    { pod: 'relay-0', activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 },
  )
  const sockets = new SocketCount(100, () => pairing.size)
  const events = {
    handshakeEnded: (result: HandshakeResult) => ended.resolve(result),
    acceptFailed: () => {},
    halfWaits: () => {},
  }
  const rate = new ConnectionRate({ clock }, 0)
  const [negotiating, waiting] = [
    new Places({ most: 100, mostPerSource: 10 }),
    new Places({ most: 100, mostPerSource: 10 }),
  ]
  const open = { rate, memory: { exceeded: false }, fleetWaiting: { full: false } }
  const parts = { pairing, engine: streamEngine, clock, sockets, ...open, negotiating, waiting, events }
  const timeouts = { handshakeTimeoutMs: 10_000, handshakeTimeoutPressedMs: 3_000 }
  const terms = { streamhost: '', host: '127.0.0.1', port: 0, knowsSources: true, ...timeouts }
  const plain = await listenSocks(parts, terms)
  const behindProxy = await listenSocks(parts, { ...terms, trustedProxies: parseTrustedProxies(['127.0.0.1']) })

  return {
    make(choices) {
      const proxied = choices.oneIn(2)
      const header = proxied || choices.oneIn(10) ? makeProxyHeader(choices) : Buffer.alloc(0)
      return { proxied, pieces: choices.cut(Buffer.concat([header, makeHandshake(choices)])) }
    },
    show: ({ proxied, pieces }) =>
      `${proxied ? 'behind a proxy' : 'direct'}: ${pieces.map((piece) => piece.toString('hex')).join(' ')}`,
    async check({ proxied, pieces }) {
      ended = Promise.withResolvers()
      const input = Buffer.concat(pieces)
      const asked = wanted(input, proxied)
      const client = connect({ port: (proxied ? behindProxy : plain).address.port, host: '127.0.0.1', noDelay: true })
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      const answers: Buffer[] = []
      const expected = asked ? 5 + asked.sent.length : Number.POSITIVE_INFINITY
      const answeredAll = new Promise<void>((resolve) => {
        client.on('data', (bytes) => {
          answers.push(bytes)
          if (Buffer.concat(answers).length >= expected) resolve()
        })
      })
      client.on('error', () => {})
      await once(client, 'connect')
      for (const piece of pieces) {
        client.write(piece)
        // The next piece is a read of its own, mostly.
        await setImmediate()
      }
      // Who breaks off is gone at once; who asked well waits for the answer.
      if (!asked) client.end()
      const result = await ended.promise
      // A half that is closed with early bytes unread is reset, and its reply with it.
      if (result === 'accepted') await Promise.race([answeredAll, closed])
      pairing.stop()
      client.end()
      await closed
      // The relay's end of the connection closes in its own time.
      if (sockets.open > 0)
        await until('no socket is counted', () => sockets.open === 0, { everyMs: 1, timeoutMs: 5_000 })
      const answered = Buffer.concat(answers)
      assert.ok(answered.length <= input.length + 10, `answers ${answered.length} bytes to ${input.length}`)
      assert.equal(result === 'accepted', asked !== undefined, `the handshake ended as ${result}`)
      if (asked) {
        const reply = Buffer.concat([Buffer.from('0500050000', 'hex'), asked.sent])
        assert.ok(answered.equals(reply), `it was answered ${answered.toString('hex')}`)
      }
      assert.equal(pairing.size, 0, 'halves were left behind')
    },
    async close() {
      plain.stop()
      behindProxy.stop()
      await registry.close()
    },
  }
}

function wanted(input: Buffer, proxied: boolean): ReturnType<typeof askedOf> {
  if (!proxied) return askedOf(input)
  const step = new ProxyHeader().push(input)
  return step?.step === 'read' ? askedOf(step.rest) : undefined
}
