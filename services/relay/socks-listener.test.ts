import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { withServerOf } from '../../test/support/listening-server.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { freshDigest } from '../../test/support/relays.ts'
import { connectRequest, greeting } from '../../test/support/socks-client.ts'
import { until } from '../../test/support/until.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { Places } from '../shared/limits/places.ts'
import { createMemoryRegistry } from '../shared/registry/memory.ts'
import { streamEngine } from './engine/stream.ts'
import { ConnectionRate } from './limits/connection-rate.ts'
import { Pairing } from './pairing.ts'
import { SocketCount } from './socket-count.ts'
import { listenSocks } from './socks-listener.ts'

/** A listener whose claims come to what `claim` says, and how the handshakes at it have ended. */
async function start(claim: Promise<never>) {
  const clock = new ManualClock()
  const registry = { ...createMemoryRegistry({ clock }), claim: () => claim }
  const ended: string[] = []
  const events = {
    handshakeEnded: (result: string) => void ended.push(result),
    halfWaits: () => {},
    halfEnded: () => {},
    registryFailed: () => {},
  }
  const pairing = new Pairing(
    { registry, clock, events, activated: () => false },
    { pod: 'r0', activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 },
  )
  const places = () => new Places({ most: 2, mostPerSource: 0 })
  const open = { rate: new ConnectionRate({ clock }, 0), memory: { exceeded: false } }
  const limits = { ...open, negotiating: places(), waiting: places() }
  const listen = () =>
    listenSocks(
      { pairing, engine: streamEngine, clock, sockets: new SocketCount(2, () => 0), ...limits, events },
      {
        ...{ streamhost: '', host: '127.0.0.1', port: 0, knowsSources: false },
        ...{ handshakeTimeoutMs: 10_000, handshakeTimeoutPressedMs: 5_000 },
      },
    )
  const { opened: listener, server } = await withServerOf(listen)
  return { listener, server, pairing, ended, [Symbol.dispose]: () => listener.stop() }
}

describe('listenSocks()', () => {
  it('tells the end of a handshake once, though its claim fails after its client has left', async () => {
    const claim = Promise.withResolvers<never>()
    using it = await start(claim.promise)
    const client = connect(it.listener.address.port, '127.0.0.1')
    await once(client, 'connect')
    client.write(Buffer.concat([greeting, connectRequest(freshDigest())]))
    await until('its half is claimed', () => it.pairing.size === 1)
    client.resetAndDestroy()
    await until('it has left', () => it.ended.length === 1)
    claim.reject(new Failure('taken', 'Both slots are held'))
    await setImmediate()
    assert.deepEqual([it.pairing.size, it.ended], [0, ['aborted']])
  })

  it('outlives a connection that cannot be accepted', async () => {
    using it = await start(new Promise(() => {}))
    it.server.emit('error', new Error('accept ENOMEM'))
    assert.deepEqual([it.server.listening, it.ended], [true, ['unavailable']])
  })
})
