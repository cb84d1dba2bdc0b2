import { controlOptions } from '../../services/control/config.ts'
import { startControl } from '../../services/control/wire.ts'
import { courierOptions } from '../../services/courier/config.ts'
import { startCourier } from '../../services/courier/wire.ts'
import { relayOptions } from '../../services/relay/config.ts'
import { startRelay } from '../../services/relay/wire.ts'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import { createMetrics, type Metrics } from '../../services/shared/runtime/metrics.ts'
import { readOptions } from '../../services/shared/runtime/options.ts'
import { serviceEnv } from '../local/service.ts'

/** The metrics of a relay, a control and a courier that run. Disposing stops them. */
export interface ServiceMetrics extends AsyncDisposable {
  readonly relay: Metrics
  readonly control: Metrics
  readonly courier: Metrics
}

/** Runs a relay, a control and a courier in this process, on free ports of loopback with no XMPP server and nothing to keep parcels in, for their metrics' sake. */
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

  const courier = createMetrics('courier')
  const courierConfig = readOptions(
    'courier',
    courierOptions,
    serviceEnv('courier', {
      ...common,
      componentDomain: 'courier.example.com',
      componentSecret: 'secret',
      componentHost: '127.0.0.1',
      componentPort: 1,
      httpHost: '127.0.0.1',
      httpPort: 0,
      publicUrl: 'https://files.example.com',
      uploadSecret: 'a secret of thirty-two characters',
    }),
  )
  opened.adopt(await startCourier(courierConfig, { metrics: courier, records: away(), blobs: away() }), (it) =>
    it.stop(),
  )

  const running = opened.move()
  return { relay, control, courier, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** A store whose every method says that it does not answer. */
function away<Store extends object>(): Store {
  const refuse = () => {
    throw new Failure('unavailable', 'There is nothing to keep parcels in')
  }
  return new Proxy({}, { get: (_, method) => (method === 'close' ? async () => {} : refuse) }) as Store
}
