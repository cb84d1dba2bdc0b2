import { freePort } from '../../deploy/local/port.ts'
import { type ServiceOptions, type ServiceProcess, serviceEnv, startService } from '../../deploy/local/service.ts'
import { openRelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { activate, freshDigest } from './relays.ts'
import { type ClientHalf, dialHalf } from './socks-client.ts'

/** A relay in a process of its own, alone with its registry. Disposing stops it. */
export interface RelayProcess extends AsyncDisposable {
  readonly service: ServiceProcess
  readonly socksPort: number
  readonly rpcAddress: string
  /** Two clients whose halves it has joined. The caller destroys them. */
  pair(): Promise<{ first: ClientHalf; second: ClientHalf }>
}

/** Starts a relay with these variables added to its environment. */
export async function startRelayProcess(
  variables: NodeJS.ProcessEnv = {},
  options: ServiceOptions = {},
): Promise<RelayProcess> {
  const [socksPort, rpcPort, trunkPort, healthPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const loopback = '127.0.0.1'
  const pod = 'relay-0'
  const rpcAddress = `${loopback}:${rpcPort}`
  const env = serviceEnv('relay', {
    pod,
    listen: `${loopback}:${socksPort}`,
    advertiseHost: loopback,
    rpcHost: loopback,
    rpcPort,
    trunkHost: loopback,
    trunkPort,
    healthHost: loopback,
    healthPort,
    drainDelayMs: 0,
    drainTimeoutMs: 1,
  })
  const service = await startService('relay', { ...env, ...variables }, { until: 'readyz', ...options })
  const clients = openRelayClients({ rpcToken: undefined })
  return {
    service,
    socksPort,
    rpcAddress,
    async pair() {
      const digest = freshDigest()
      const [first, second] = [await dialHalf(socksPort, digest), await dialHalf(socksPort, digest)]
      const relays = [{ name: pod, rpcAddress }]
      await activate({ relays, clients }, digest)
      return { first, second }
    },
    async [Symbol.asyncDispose]() {
      clients.close()
      await service.stop()
    },
  }
}
