import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { MethodDefinition } from '@grpc/grpc-js'
import { service as health } from 'grpc-health-check'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { Failure } from '../bytestream/failure.ts'
import { openRpcClient, type RpcClient } from './client.ts'
import type { ControlHandlers, ControlMessages } from './control-api.ts'
import { controlService } from './protocol.ts'
import { type RpcServer, serveRpc } from './server.ts'
import type { RpcService } from './service.ts'

const rpcToken = 'a token of tests only'
const timeoutMs = 5_000

type HealthMessages = {
  readonly check: { readonly request: { service: string }; readonly response: { status: string } }
}

describe('serveRpc()', () => {
  const { log, lines } = recordingLog()
  const handlers: ControlHandlers = {
    listRelays: async () => ({ relays: [] }),
    listBytestreams: () => assert.fail('unused'),
    endBytestream: async ({ id }) => {
      throw new Failure('not-found', `No bytestream ${id} runs here`)
    },
    drain: async () => {
      throw new TypeError('a bug')
    },
    selfTest: () => assert.fail('unused'),
  }
  let server: RpcServer
  let client: RpcClient<ControlMessages>
  const opened = new AsyncDisposableStack()

  before(async () => {
    const config = { rpcHost: '127.0.0.1', rpcPort: 0, rpcToken }
    server = opened.adopt(await serveRpc({ service: controlService, handlers, log }, config), (it) => it.stop())
    client = opened.adopt(openRpcClient(controlService, address(), { rpcToken }), (it) => it.close())
  })
  after(() => opened.disposeAsync())

  const address = () => `127.0.0.1:${server.port}`
  const code = (expected: string, says: RegExp) => (error: unknown) =>
    error instanceof Failure && error.code === expected && says.test(error.message)

  it('answers', async () => {
    assert.deepEqual(await client.calls.listRelays({}, { timeoutMs }), { relays: [] })
  })

  it('answers nobody without the token, or with another', async () => {
    for (const shown of [undefined, 'another token of tests']) {
      const stranger = openRpcClient(controlService, address(), { rpcToken: shown })
      await assert.rejects(stranger.calls.listRelays({}, { timeoutMs }), code('forbidden', /shared RPC token/))
      stranger.close()
    }
  })

  it('gives a failure back as it was thrown', async () => {
    const ending = client.calls.endBytestream({ relay: 'r0', id: 'b1' }, { timeoutMs })
    await assert.rejects(ending, code('not-found', /No bytestream b1 runs here/))
  })

  it('logs a bug, and calls it internal', async () => {
    await assert.rejects(client.calls.drain({ relay: 'r0', draining: true }, { timeoutMs }), code('internal', /a bug/))
    assert.deepEqual(lines, ['error an RPC failed unexpectedly'])
  })

  it('tells its health to everybody', async () => {
    const check = health.Check as unknown as MethodDefinition<{ service: string }, { status: string }>
    const service: RpcService<HealthMessages> = { check }
    const prober = openRpcClient(service, address(), {})
    const status = async () => (await prober.calls.check({ service: '' }, { timeoutMs })).status
    assert.equal(await status(), 'SERVING')
    server.setServing(false)
    assert.equal(await status(), 'NOT_SERVING')
    server.setServing(true)
    prober.close()
  })
})
