import type { CountedIn } from '../../services/relay/bytestream.ts'
import { type RelayConfig, relayOptions } from '../../services/relay/config.ts'
import { type RelayParts, type RunningRelay, startRelay } from '../../services/relay/wire.ts'
import { type Digest, digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { formatHostPort } from '../../services/shared/bytestream/host.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import { openRelayClients, type RelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { createLog } from '../../services/shared/runtime/log.ts'
import { createMetrics } from '../../services/shared/runtime/metrics.ts'
import { openTlsIdentity } from '../../services/shared/runtime/tls-identity.ts'

/** A relay in this process, with what tests look at. */
export interface TestRelay extends RunningRelay {
  readonly name: string
  readonly rpcAddress: string
  /** Log lines at debug and above, as objects. */
  readonly lines: Record<string, unknown>[]
  /** The value of one metric sample, 0 when it is not there: `sample('splice65_handshakes_total', { result: 'probe' })`. */
  sample(name: string, labels?: Record<string, string>): Promise<number>
  /** The text of `/metrics`. */
  metrics(): Promise<string>
}

/** Relays that share a registry. Disposing stops them all. */
export interface TestRelays extends AsyncDisposable {
  readonly relays: readonly [TestRelay, ...TestRelay[]]
  readonly registry: Registry
  readonly clients: RelayClients
  relay(index: number): TestRelay
}

/** The options of a relay on loopback, on free ports, that drains without delay. */
export function relayConfig(overrides: Partial<RelayConfig> = {}): RelayConfig {
  return {
    ...relayOptions.parse({}),
    listen: ['127.0.0.1:0'],
    logLevel: 'debug',
    healthHost: '127.0.0.1',
    healthPort: 0,
    advertiseHost: '127.0.0.1',
    rpcHost: '127.0.0.1',
    rpcPort: 0,
    trunkHost: '127.0.0.1',
    trunkPort: 0,
    drainDelayMs: 0,
    ...overrides,
  }
}

/** Starts `count` relays in this process, with one memory registry unless `given` has another. */
export async function startRelays(
  count: number,
  overrides: Partial<RelayConfig> = {},
  given: Partial<RelayParts> = {},
): Promise<TestRelays> {
  await using opened = new AsyncDisposableStack()
  const registry = given.registry ?? opened.adopt(createMemoryRegistry(), (it) => it.close())
  const log = createLog('tests', { logLevel: 'silent', pod: 'tests' })
  const identity = opened.use(openTlsIdentity('relay', overrides, { log }))
  const clients = opened.adopt(openRelayClients({ rpcToken: overrides.rpcToken, identity }), (it) => it.close())
  const relays: TestRelay[] = []
  for (let index = 0; index < count; index++) {
    const config = relayConfig({ pod: `relay-${index}`, ...overrides })
    const lines: Record<string, unknown>[] = []
    const log = createLog('relay', config, { write: (line) => void lines.push(JSON.parse(line)) })
    const metrics = createMetrics('relay', { ofProcess: false })
    const relay = opened.adopt(await startRelay(config, { log, metrics, registry, ...given }), (it) => it.stop())
    relays.push({
      ...relay,
      name: config.pod,
      rpcAddress: formatHostPort(config.advertiseHost, relay.ports.rpc),
      lines,
      async sample(name, labels = {}) {
        const metric = await metrics.getSingleMetric(name)?.get()
        const match = metric?.values.find(({ labels: found }) =>
          Object.entries(labels).every(([key, value]) => found[key] === value),
        )
        return match?.value ?? 0
      },
      metrics: () => metrics.metrics(),
    })
  }
  const [first, ...rest] = relays
  if (!first) throw new Error('At least one relay is needed')
  const running = opened.move()
  return {
    relays: [first, ...rest],
    registry,
    clients,
    relay(index) {
      const relay = relays[index]
      if (!relay) throw new Error(`There is no relay ${index}`)
      return relay
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const requester = 'alice@example.test/phone'
const target = 'bob@example.test/desk'
let bytestreams = 0

/** A digest that no other test uses. */
export function freshDigest(): Digest {
  bytestreams += 1
  return digestAsTyped(`sid-${process.pid}-${bytestreams}`, requester, target)
}

/** Activates the two halves that wait for this digest, as control would, on the first relay that holds one. */
export async function activate(
  {
    relays,
    clients,
  }: {
    readonly relays: readonly Pick<TestRelay, 'name' | 'rpcAddress'>[]
    readonly clients: RelayClients
  },
  digest: Digest,
  streamhost = '',
  accounts: readonly CountedIn[] = [],
): Promise<'PATH_LOCAL' | 'PATH_HANDOFF' | 'PATH_UNSPECIFIED'> {
  const room = { digest, streamhost }
  const found = await Promise.all(
    relays.map(async ({ name: relay, rpcAddress }) => {
      const { halves } = await clients.at(rpcAddress).findHalves({ room }, { timeoutMs: 30_000 })
      return halves.map(({ id }) => ({ id, relay, rpcAddress }))
    }),
  )
  const halves = found.flat()
  const [first] = halves
  if (!first || halves.length !== 2) throw new Error(`${halves.length} halves wait, not two`)
  const response = await clients
    .at(first.rpcAddress)
    .activate({ room, halves, requester, target, selfTest: false, accounts: [...accounts] }, { timeoutMs: 30_000 })
  return response.path
}
