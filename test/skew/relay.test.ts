import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { Fleet } from '../../services/control/fleet/fleet.ts'
import { relayService } from '../../services/shared/rpc/protocol.ts'
import { openRelayClients, type RelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { systemClock } from '../../services/shared/runtime/clock.ts'

const nothing = Buffer.alloc(0)

describe('A relay that is older than control', () => {
  let server: Server
  let clients: RelayClients
  let rpcAddress: string

  before(async () => {
    // It answers every call with a message of which it knows no field, but for the one that it does not have yet.
    server = new Server()
    const raw = { requestDeserialize: (bytes: Buffer) => bytes, responseSerialize: () => nothing }
    const { describe: _, ...calls } = relayService
    const old = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, { ...call, ...raw }]))
    const answers: UntypedServiceImplementation = Object.fromEntries(
      Object.keys(old).map((name) => [
        name,
        (_call: unknown, respond: (error: null, answer: Buffer) => void) => respond(null, nothing),
      ]),
    )
    server.addService(old, answers)
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    )
    rpcAddress = `127.0.0.1:${port}`
    clients = openRelayClients({})
  })

  after(() => {
    clients.close()
    server.forceShutdown()
  })

  it('holds no half and has activated nothing, where it does not say', async () => {
    const room = { digest: 'd283bf4d9c2eaa3675aa6fc4d7d7b09c8622197b', streamhost: '' }
    const answer = await clients.at(rpcAddress).findHalves({ room }, { timeoutMs: 5_000 })
    assert.deepEqual(answer, { halves: [], activated: false })
  })

  it('is listed with the reason why it does not describe itself, and hides nobody', async () => {
    const record = { name: 'relay-0', rpcAddress, load: 3, draining: false, version: '0.0.9' }
    const directory = {
      alive: () => [record],
      known: () => [record],
      find: () => record,
      missingMs: () => 0,
      noneAlive: () => false,
      stop: async () => {},
    }
    const fleet = new Fleet({ directory, relays: clients, clock: systemClock })
    const [relay] = await fleet.relays()
    assert.deepEqual([relay?.name, relay?.version, relay?.status], ['relay-0', '0.0.9', null])
    assert.match(relay?.fault ?? '', /Describe|unimplemented|implement/i)
    assert.deepEqual(await fleet.bytestreams(), { bytestreams: [], unanswered: [] })
    assert.deepEqual(await fleet.drain('relay-0', true), { waiting: 0, bytestreams: 0 })
  })
})
