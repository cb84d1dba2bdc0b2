import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { openRpcClient } from '../../../services/shared/rpc/client.ts'
import type { Choices } from '../choices.ts'
import type { Subject } from '../subject.ts'
import { startRpcServers } from './rpc-server.ts'

interface Visit {
  readonly server: 'relay' | 'control'
  readonly pieces: readonly Buffer[]
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const settings = Buffer.from('000000040000000000', 'hex')

/** Any bytes to a gRPC port: HTTP/2 that begins well, and what is none. The server goes on answering others. */
export async function openRpcWire(): Promise<Subject<Visit>> {
  const servers = await startRpcServers()
  const relay = openRpcClient(servers.relay.service, `127.0.0.1:${servers.relay.port}`, {})
  const control = openRpcClient(servers.control.service, `127.0.0.1:${servers.control.port}`, {})
  const timely = { timeoutMs: 20_000 }
  return {
    make: (choices) => ({ server: choices.pick(['relay', 'control']), pieces: choices.cut(makeFrames(choices)) }),
    show: ({ server, pieces }) => `${server} ${pieces.map((piece) => piece.toString('hex')).join(' ')}`,
    async check({ server, pieces }) {
      const socket = connect({ port: servers[server].port, host: '127.0.0.1' })
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.on('error', () => {}).resume()
      await once(socket, 'connect')
      for (const piece of pieces) socket.write(piece)
      socket.end()
      if (server === 'relay') await relay.calls.describe({}, timely)
      else await control.calls.listRelays({}, timely)
      socket.destroy()
      await closed
      assert.deepEqual(servers.unexpected(), [])
    },
    async close() {
      relay.close()
      control.close()
      await servers[Symbol.asyncDispose]()
    },
  }
}

function makeFrames(choices: Choices): Buffer {
  if (choices.oneIn(4)) return choices.bytes(200)
  const frames = Array.from({ length: choices.below(6) }, () => {
    const payload = choices.bytes(40)
    const length = choices.oneIn(6) ? choices.below(1 << 24) : payload.length
    const head = Buffer.from([
      length >> 16,
      (length >> 8) & 0xff,
      length & 0xff,
      choices.below(12),
      choices.below(256),
      0,
      0,
      0,
      choices.below(4),
    ])
    return Buffer.concat([head, payload])
  })
  const whole = Buffer.concat([preface, settings, ...frames])
  return choices.oneIn(3) ? choices.damage(whole) : whole
}
