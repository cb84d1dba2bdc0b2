import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { withServerOf } from '../../test/support/listening-server.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { freshDigest } from '../../test/support/relays.ts'
import { closed, connectRequest, greeting } from '../../test/support/socks-client.ts'
import { until } from '../../test/support/until.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import { Places } from '../shared/limits/places.ts'
import { createMemoryRegistry } from '../shared/registry/memory.ts'
import type { Engine } from './engine/engine.ts'
import { streamEngine } from './engine/stream.ts'
import { ConnectionRate } from './limits/connection-rate.ts'
import { Pairing } from './pairing.ts'
import { SocketCount } from './socket-count.ts'
import { listenSocks, type SocksListener } from './socks-listener.ts'

interface Given {
  /** What claims come to; by default they succeed. */
  readonly claim?: Promise<never>
  /** Called with each connection that the engine is to hold. */
  readonly onHold?: (pairing: Pairing) => void
}

/** A listener, and how its handshakes and halves have ended. */
async function start({ claim, onHold }: Given = {}) {
  const clock = new ManualClock()
  const registry = Object.assign(createMemoryRegistry({ clock }), claim && { claim: () => claim })
  const ended: string[] = []
  const halvesEnded: string[] = []
  const events = {
    handshakeEnded: (result: string) => void ended.push(result),
    acceptFailed: ({ message }: Failure) => void ended.push(message),
    halfWaits: () => {},
    halfEnded: (_: unknown, { outcome, reason }: Ending) => void halvesEnded.push(`${outcome} ${reason}`),
    registryFailed: () => {},
  }
  const pairing = new Pairing(
    { registry, clock, events, activated: () => false },
    { pod: 'r0', activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 },
  )
  const engine: Engine = {
    ...streamEngine,
    hold(...connection) {
      onHold?.(pairing)
      return streamEngine.hold(...connection)
    },
  }
  const places = () => new Places({ most: 2, mostPerSource: 0 })
  const open = { rate: new ConnectionRate({ clock }, 0), memory: { exceeded: false }, fleetWaiting: { full: false } }
  const limits = { ...open, negotiating: places(), waiting: places() }
  const listen = () =>
    listenSocks(
      { pairing, engine, clock, sockets: new SocketCount(2, () => 0), ...limits, events },
      {
        ...{ streamhost: '', host: '127.0.0.1', port: 0, knowsSources: false },
        ...{ handshakeTimeoutMs: 10_000, handshakeTimeoutPressedMs: 5_000 },
      },
    )
  const { opened: listener, server } = await withServerOf(listen)
  return { listener, server, pairing, ended, halvesEnded, [Symbol.dispose]: () => listener.stop() }
}

/** A client that has named a bytestream. */
async function named({ address }: SocksListener): Promise<Socket> {
  const client = connect(address.port, '127.0.0.1')
  await once(client, 'connect')
  client.write(Buffer.concat([greeting, connectRequest(freshDigest())]))
  return client
}

describe('listenSocks()', () => {
  it('tells the end of a handshake once, though its claim fails after its client has left', async () => {
    const claim = Promise.withResolvers<never>()
    using it = await start({ claim: claim.promise })
    const client = await named(it.listener)
    await until('its half is claimed', () => it.pairing.size === 1)
    client.resetAndDestroy()
    await until('it has left', () => it.ended.length === 1)
    claim.reject(new Failure('taken', 'Both slots are held'))
    await setImmediate()
    assert.deepEqual([it.pairing.size, it.ended], [0, ['aborted']])
  })

  it('counts a client that the engine cannot hold as one too many', async () => {
    using it = await start({
      onHold() {
        throw new Failure('over-limit', 'Cannot take a connection over: errno 24')
      },
    })
    assert.equal(await closed(await named(it.listener)), undefined)
    assert.deepEqual([it.ended, it.halvesEnded], [['over-limit'], ['refused over-limit']])
  })

  it('counts a client whose half was ended behind its reply once, by what ended it', async () => {
    using it = await start({ onHold: (pairing) => pairing.stop() })
    await closed(await named(it.listener))
    assert.deepEqual([it.ended, it.halvesEnded], [['aborted'], ['drained deadline']])
  })

  it('outlives a connection that cannot be accepted', async () => {
    using it = await start()
    it.server.emit('error', new Error('accept ENOMEM'))
    assert.deepEqual([it.server.listening, it.ended], [true, ['Cannot accept connections: accept ENOMEM']])
  })
})
