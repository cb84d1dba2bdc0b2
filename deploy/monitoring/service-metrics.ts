import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { relayOptions } from '../../services/relay/config.ts'
import { startRelay } from '../../services/relay/wire.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { createMetrics, type Metrics } from '../../services/shared/runtime/metrics.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { serviceEnv } from '../local/service.ts'

/** The metrics of a relay and a control that run. Disposing stops both. */
export interface ServiceMetrics extends AsyncDisposable {
  readonly relay: Metrics
  readonly control: Metrics
}

/** Runs a relay and a control in this process, on free ports of loopback and with no XMPP server, for their metrics' sake. */
export async function runForMetrics(): Promise<ServiceMetrics> {
  await using opened = new AsyncDisposableStack()
  const registry = opened.adopt(createMemoryRegistry(), (it) => it.close())
  const common = { pod: 'metrics', logLevel: 'silent', healthHost: '127.0.0.1', healthPort: 0 }
  const loopback = {
    advertiseHost: '127.0.0.1',
    rpcHost: '127.0.0.1',
    rpcPort: 0,
    trunkHost: '127.0.0.1',
    trunkPort: 0,
  }

  const relay = createMetrics('relay')
  const relayConfig = readOptions(
    'relay',
    relayOptions,
    serviceEnv('relay', { ...common, ...loopback, listen: '127.0.0.1:0', drainDelayMs: 0 }),
  )
  opened.adopt(await startRelay(relayConfig, { metrics: relay, registry }), (it) => it.stop())

  const control = createMetrics('control')
  const controlConfig = readOptions(
    'control',
    controlOptions,
    serviceEnv('control', {
      ...common,
      componentDomain: 'proxy.example.com',
      componentSecret: 'secret',
      componentHost: '127.0.0.1',
      componentPort: 1,
      streamhosts: '127.0.0.1:1',
      rpcPort: 0,
    }),
  )
  opened.adopt(await startControl(controlConfig, { metrics: control, registry }), (it) => it.stop())

  const running = opened.move()
  return { relay, control, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
