import assert from 'node:assert/strict'
import { Client, credentials, type ServiceError, status as Status } from '@grpc/grpc-js'
import type { Choices } from '../choices.ts'
import type { Subject } from '../subject.ts'
import { startRpcServers } from './rpc-server.ts'

interface Call {
  readonly server: 'relay' | 'control'
  readonly method: string
  readonly bytes: Buffer
}

const texts = [
  '',
  'relay-0',
  'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b',
  'D283BF4D',
  'h1',
  'alice@ex.com/phone',
  '127.0.0.1:1',
  '\u202e',
  '__proto__',
  'x'.repeat(2_000),
] as const
/** What a server may say to a message: never that it broke. */
const expected = [
  Status.OK,
  Status.INVALID_ARGUMENT,
  Status.NOT_FOUND,
  Status.FAILED_PRECONDITION,
  Status.ALREADY_EXISTS,
  Status.UNAVAILABLE,
]

/** Every message of both services on the wire of a real server: nested fields of the right kinds, and bytes of none. */
export async function openRpcMessages(): Promise<Subject<Call>> {
  const servers = await startRpcServers()
  const methods = (['relay', 'control'] as const).flatMap((server) =>
    Object.keys(servers[server].service).map((method) => ({ server, method })),
  )
  const clientOf = (port: number) => new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  const clients = { relay: clientOf(servers.relay.port), control: clientOf(servers.control.port) }
  const ask = ({ server, method, bytes }: Call) =>
    new Promise<ServiceError | null>((resolve) => {
      const path = `/splice65.${server}.v1.${server === 'relay' ? 'Relay' : 'Control'}/${capital(method)}`
      const options = { deadline: Date.now() + 20_000 }
      clients[server].makeUnaryRequest(
        path,
        (sent: Buffer) => sent,
        (got) => got,
        bytes,
        options,
        (error) => resolve(error),
      )
    })
  return {
    make(choices) {
      const { server, method } = methods[choices.below(methods.length)] ?? { server: 'relay', method: 'describe' }
      const message = makeMessage(choices, 0)
      const bytes = choices.oneIn(5) ? choices.bytes(100) : choices.oneIn(3) ? choices.damage(message) : message
      return { server, method, bytes }
    },
    show: ({ server, method, bytes }) => `${server} ${method} ${bytes.toString('hex')}`,
    async check(call) {
      const error = await ask(call)
      const unread = error?.code === Status.INTERNAL && /deserializ/i.test(error.details)
      assert.ok(unread || expected.includes(error?.code ?? Status.OK), `it answers ${error?.code} ${error?.details}`)
      assert.deepEqual(servers.unexpected(), [])
    },
    async close() {
      clients.relay.close()
      clients.control.close()
      await servers[Symbol.asyncDispose]()
    },
  }
}

/** Protocol Buffers on the wire: a few fields, low numbers, of every wire type. Texts stand where messages may as well. */
function makeMessage(choices: Choices, depth: number): Buffer {
  const fields = Array.from({ length: choices.below(5) }, () => {
    const number = 1 + choices.below(6)
    const type = choices.pick([2, 2, 0, 1, 5])
    const tag = Buffer.from([(number << 3) | type])
    if (type === 0) return Buffer.concat([tag, varint(choices)])
    if (type === 1) return Buffer.concat([tag, Buffer.alloc(8, choices.below(256))])
    if (type === 5) return Buffer.concat([tag, Buffer.alloc(4, choices.below(256))])
    const inner = depth < 2 && choices.oneIn(2) ? makeMessage(choices, depth + 1) : Buffer.from(choices.pick(texts))
    return Buffer.concat([tag, lengthOf(inner), inner])
  })
  return Buffer.concat(fields)
}

function varint(choices: Choices): Buffer {
  return choices.oneIn(4) ? Buffer.alloc(1 + choices.below(10), 0xff) : Buffer.from([choices.below(128)])
}

function lengthOf({ length }: Buffer): Buffer {
  return length < 128 ? Buffer.from([length]) : Buffer.from([(length & 0x7f) | 0x80, length >> 7])
}

function capital(method: string): string {
  return `${method.slice(0, 1).toUpperCase()}${method.slice(1)}`
}
