import { Fleet } from '../../../services/control/fleet/fleet.ts'
import { controlHandlers } from '../../../services/control/rpc.ts'
import { controlService, relayService } from '../../../services/shared/rpc/protocol.ts'
import { openRelayClients } from '../../../services/shared/rpc/relay-clients.ts'
import { serveRpc } from '../../../services/shared/rpc/server.ts'
import { systemClock } from '../../../services/shared/runtime/clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startRelays } from '../../support/relays.ts'

/** The real gRPC servers of both services, and what they log as unexpected. */
export interface RpcServers extends AsyncDisposable {
  readonly relay: { readonly service: typeof relayService; readonly port: number }
  readonly control: { readonly service: typeof controlService; readonly port: number }
  /** Lines of the log that say that a handler threw what is no failure. */
  unexpected(): string[]
}

/** Starts a relay, and a control whose fleet is that relay. */
export async function startRpcServers(): Promise<RpcServers> {
  await using opened = new AsyncDisposableStack()
  const relays = opened.use(await startRelays(1, { logLevel: 'error', engine: 'stream' }))
  const [relay] = relays.relays
  const record = { name: relay.name, rpcAddress: relay.rpcAddress, load: 0, draining: false, version: '0.1.0' }
  const directory = {
    alive: () => [record],
    known: () => [record],
    find: (name: string) => (name === record.name ? record : undefined),
    missingMs: () => 0,
    noneAlive: () => false,
    stop: async () => {},
  }
  const clients = opened.adopt(openRelayClients({}), (it) => it.close())
  const { log, lines } = recordingLog()
  const control = opened.adopt(
    await serveRpc(
      {
        service: controlService,
        handlers: controlHandlers({
          fleet: new Fleet({ directory, relays: clients, clock: systemClock }),
          events: { operatorActed: () => {} },
          selfTest: undefined,
        }),
        log,
      },
      { rpcHost: '127.0.0.1', rpcPort: 0 },
    ),
    (it) => it.stop(),
  )
  const running = opened.move()
  return {
    relay: { service: relayService, port: relay.ports.rpc },
    control: { service: controlService, port: control.port },
    unexpected: () =>
      [...lines, ...relay.lines.map((line) => JSON.stringify(line))].filter((line) => line.includes('unexpected')),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
