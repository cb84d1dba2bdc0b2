import { Failure } from '../shared/bytestream/failure.ts'
import { formatHostPort } from '../shared/bytestream/host.ts'
import { Places } from '../shared/limits/places.ts'
import { parseTrustedProxies, type TrustedProxies } from '../shared/limits/trusted-proxies.ts'
import { openRegistry } from '../shared/registry/open.ts'
import type { Registry, RelayRecord } from '../shared/registry/registry.ts'
import { sealRelay } from '../shared/registry/relay-seal.ts'
import { demandToken } from '../shared/rpc/demand-token.ts'
import { relayService } from '../shared/rpc/protocol.ts'
import { openRelayClients } from '../shared/rpc/relay-clients.ts'
import { serveRpc } from '../shared/rpc/server.ts'
import { type Clock, systemClock } from '../shared/runtime/clock.ts'
import { serveHealth } from '../shared/runtime/health.ts'
import { createLog, type Logger } from '../shared/runtime/log.ts'
import { createMetrics, type Metrics } from '../shared/runtime/metrics.ts'
import type { Running } from '../shared/runtime/run.ts'
import { openTlsIdentity, type TlsIdentity } from '../shared/runtime/tls-identity.ts'
import { exposeTlsIdentity } from '../shared/runtime/tls-metrics.ts'
import { version } from '../shared/runtime/version.ts'
import { watchSecret } from '../shared/runtime/watched-secret.ts'
import { Accounting } from './accounting.ts'
import { Activation } from './activation.ts'
import { Bytestreams } from './bytestreams.ts'
import { capacityOf, demandSockets, descriptorLimit } from './capacity.ts'
import { type RelayConfig, relayOptions } from './config.ts'
import { Drain } from './drain.ts'
import type { Engine } from './engine/engine.ts'
import { openEngine } from './engine/open.ts'
import { createRelayEvents } from './events.ts'
import { handOffThrough } from './handoff.ts'
import { startHeartbeat } from './heartbeat.ts'
import { ConnectionRate } from './limits/connection-rate.ts'
import { FleetWaiting } from './limits/fleet-waiting.ts'
import { MemoryBound, memoryShare, residentMemory } from './limits/memory.ts'
import { type ListenAddress, parseListenAddress } from './listen-address.ts'
import { Pairing } from './pairing.ts'
import { type FindAddress, findAddressBy } from './public-address/find-address.ts'
import { accessOfPod, type KubernetesApi, openKubernetes } from './public-address/kubernetes.ts'
import { PublicAddress } from './public-address/public-address.ts'
import { RatePolicy } from './rate-policy.ts'
import { relayHandlers } from './rpc.ts'
import { SocketCount } from './socket-count.ts'
import { listenSocks } from './socks-listener.ts'
import { TicketOffice } from './ticket-office.ts'
import { listenTrunk } from './trunk.ts'
import { type TrunkTransport, tcpTransport, tlsTransport } from './trunk-transport.ts'

/** The parts a relay can be given instead of building them. A registry or an identity that is given stays its giver's. */
export interface RelayParts {
  readonly log: Logger
  readonly metrics: Metrics
  readonly registry: Registry
  readonly engine: Engine
  readonly clock: Clock
  /** Default: none that could be asked. */
  readonly kubernetes: KubernetesApi
  readonly identity: TlsIdentity
}

/** A relay that runs, and where: ports that were asked for as 0 show what they became. */
export interface RunningRelay extends Running {
  readonly ports: {
    /** SOCKS5 ports by streamhost; the main shared address has the empty name. */
    readonly socks: Readonly<Record<string, number>>
    /** The same for connections that begin with a PROXY header. */
    readonly proxied: Readonly<Record<string, number>>
    readonly rpc: number
    readonly trunk: number
    readonly health: number
  }
  drain(signal: AbortSignal): Promise<void>
}

/** Builds a relay and starts it. `given` replaces any part; tests pass a memory registry and port 0. */
export async function startRelay(config: RelayConfig, given: Partial<RelayParts> = {}): Promise<RunningRelay> {
  demandToken('relay', config)
  const listenAddresses = addressesOf(config)
  const proxies = proxiesOf(config)
  const kubernetes = given.kubernetes ?? openKubernetes(accessOfPod({}))
  const findAddress = ownAddressOf(config, kubernetes)
  const log = given.log ?? createLog('relay', config)
  const metrics = given.metrics ?? createMetrics('relay')
  const clock = given.clock ?? systemClock
  const events = createRelayEvents({ log, metrics, clock })

  // What is opened here closes in reverse order: when the relay stops, or at once when it cannot start.
  await using opened = new AsyncDisposableStack()
  const registry =
    given.registry ??
    opened.adopt(
      await openRegistry(config.registryUrl, {
        log,
        onRequest: events.registryAnswered,
        onUnreadable: events.recordRefused,
      }),
      (it) => it.close(),
    )
  const identity = given.identity ?? opened.use(openTlsIdentity('relay', config, { log }))
  exposeTlsIdentity(identity, metrics)
  const rpcToken = opened.use(
    watchSecret({ log }, { service: 'relay', schema: relayOptions, config, option: 'rpcToken' }),
  )
  // Asked for the token whenever it is needed: its file may have another by then.
  const live: RelayConfig = {
    ...config,
    get rpcToken() {
      return rpcToken.current
    },
  }
  const transport = transportOf(config, identity)
  const showing = {
    identity,
    onCall: events.rpcAnswered,
    get rpcToken() {
      return rpcToken.current
    },
  }
  const clients = opened.adopt(openRelayClients(showing), (it) => it.close())

  const capacity = capacityOf(descriptorLimit(), config.pipeBudgetBytes)
  const maxSockets = demandSockets(capacity, config.maxSockets)
  const engine =
    given.engine ??
    opened.adopt(
      await openEngine(config.engine, {
        log,
        budget: { bytes: config.pipeBudgetBytes, pipes: capacity.pipes },
        // A receiver that stalls is ours to judge first; the kernel's clock is for peers that are gone.
        userTimeoutMs: config.stallTimeoutMs + 10_000,
        onCrash: events.engineCrashed,
        ...(config.engineWorkers !== undefined && { workers: config.engineWorkers }),
      }),
      (it) => it.stop(),
    )
  const maxBytestreams = config.maxBytestreams ?? Math.ceil(maxSockets / 2)
  const accounting = opened.adopt(new Accounting({ registry, clock, events }, config), (it) => it.stop())
  const bytestreams = new Bytestreams(
    { engine, registry, clock, events, rates: new RatePolicy(config), accounting },
    { ...config, maxBytestreams },
  )
  const pairing = new Pairing({ registry, clock, events, activated: (room) => bytestreams.activated(room) }, config)
  const sockets = new SocketCount(maxSockets, () => pairing.size + 2 * bytestreams.size)
  const rate = new ConnectionRate({ clock }, config.connectionsPerSecond)
  const memory = new MemoryBound({ clock, resident: residentMemory }, config.maxMemoryBytes ?? memoryShare())
  const negotiating = new Places({ most: Number.POSITIVE_INFINITY, mostPerSource: config.handshakesPerSource })
  const maxWaiting = config.maxWaiting ?? Math.ceil(maxSockets * 0.75)
  const waiting = new Places({ most: maxWaiting, mostPerSource: config.halvesPerSource })
  const fleetWaiting = new FleetWaiting({ clock, here: () => pairing.size }, config)
  const tickets = new TicketOffice({ clock }, config)
  const handOff = handOffThrough({ clients, transport, engine }, config)
  const activation = new Activation({ pairing, bytestreams, engine, events, handOff }, config)
  const drain = new Drain({ pairing, bytestreams, events }, config)
  opened.defer(() => bytestreams.stop())
  opened.defer(() => pairing.stop())

  const trunk = await listenTrunk({ transport, engine, tickets, pairing, bytestreams, events }, config)
  opened.defer(() => trunk.stop())
  const listenAt = async (addresses: readonly ListenAddress[], terms: { trustedProxies?: TrustedProxies } = {}) => {
    const ports: Record<string, number> = {}
    for (const address of addresses) {
      const parts = { pairing, engine, clock, sockets, rate, memory, negotiating, waiting, fleetWaiting, events }
      const knowsSources = knowsSourcesOf(config, { behindProxy: terms.trustedProxies !== undefined })
      const socks = await listenSocks(parts, { ...config, ...address, ...terms, knowsSources })
      opened.defer(() => socks.stop())
      ports[address.streamhost] = socks.address.port
    }
    return ports
  }
  const socksPorts = await listenAt(listenAddresses)
  const proxiedPorts = await listenAt(proxies.at, proxies)

  const answering = { pairing, bytestreams, activation, tickets, drain, sockets, engine, clock }
  const handlers = relayHandlers({
    ...answering,
    trunkAddress: formatHostPort(config.advertiseHost, trunk.address.port),
  })
  const rpc = opened.adopt(await serveRpc({ service: relayService, handlers, log, identity }, live), (it) => it.stop())
  drain.onChange(() => rpc.setServing(!drain.draining))

  const publicAddress =
    findAddress && new PublicAddress({ find: findAddress, clock, events }, { listenPort: socksPorts[config.pod] ?? 0 })
  const describe = (): RelayRecord => {
    const record = {
      name: config.pod,
      rpcAddress: formatHostPort(config.advertiseHost, rpc.port),
      load: pairing.size + bytestreams.size,
      waiting: pairing.size,
      draining: drain.draining,
      version,
      ...(publicAddress?.current && { streamhost: publicAddress.current }),
    }
    return sealRelay(record, live.rpcToken, Date.now())
  }
  const heartbeatParts = { registry, pairing, bytestreams, drain, publicAddress, fleetWaiting, events, describe }
  opened.adopt(startHeartbeat(heartbeatParts, config), (it) => it.stop())
  // Stops before the heartbeat, so that nothing is announced after the farewell.
  if (publicAddress) opened.adopt(publicAddress, (it) => it.stop()).start()

  const { maxFleetWaiting, drainTimeoutMs, drainSpreadMs } = config
  const terms = { engine: engine.name, drainTimeoutMs: drainTimeoutMs + drainSpreadMs, maxFleetWaiting }
  events.observe(
    {
      waiting: () => pairing.size,
      fleetWaiting: () => fleetWaiting.size,
      sockets: () => sockets.open,
      capacity: () => sockets.capacity,
      drainingSince: () => drain.since,
      addressMissing: () => publicAddress !== undefined && publicAddress.current === undefined,
      engine: () => engine.load(),
      bytestreams: () => bytestreams.live(),
      relayed: () => bytestreams.relayed(),
    },
    { registry, terms },
  )
  const ready = () => {
    if (drain.draining) return 'draining'
    if (sockets.full) return 'full: 95 % of its sockets are open'
    return memory.exceeded ? 'full: it has too little memory left' : undefined
  }
  const health = opened.adopt(await serveHealth({ metrics, ready }, config), (it) => it.stop())
  const ports = {
    socks: socksPorts,
    proxied: proxiedPorts,
    rpc: rpc.port,
    trunk: trunk.address.port,
    health: health.address.port,
  }
  log.info({ ports, engine: engine.name, maxSockets, sourceLimits: sourcesSaid(config) }, 'relay started')

  const running = opened.move()
  return {
    ports,
    drain: (signal) => drain.toEnd(signal),
    async stop() {
      await running.disposeAsync()
      log.info('relay stopped')
    },
  }
}

function addressesOf({ listen, ownListen, pod }: RelayConfig): ListenAddress[] {
  const addresses = listen.map(parseListenAddress)
  if (ownListen !== undefined) addresses.push({ ...parseListenAddress(ownListen), streamhost: pod })
  return distinct(addresses)
}

/** Where connections with a PROXY header arrive, and from whom. */
function proxiesOf({ proxyListen, proxyTrusted }: RelayConfig): {
  at: ListenAddress[]
  trustedProxies: TrustedProxies
} {
  if (proxyListen.length > 0 && proxyTrusted.length === 0) {
    throw new Failure('malformed', 'RELAY_PROXY_LISTEN needs RELAY_PROXY_TRUSTED: whom to believe a PROXY header')
  }
  return { at: distinct(proxyListen.map(parseListenAddress)), trustedProxies: parseTrustedProxies(proxyTrusted) }
}

function distinct(addresses: ListenAddress[]): ListenAddress[] {
  const names = addresses.map(({ streamhost }) => streamhost)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new Failure('malformed', `Two SOCKS5 listeners lead to one streamhost: ${twice || 'the one without a name'}`)
  }
  return addresses
}

/** Whether a client's address is its own on a listener of this kind, so that limits per client hold there. */
function knowsSourcesOf({ sourceLimits }: RelayConfig, { behindProxy }: { readonly behindProxy: boolean }): boolean {
  return sourceLimits === 'on' || (sourceLimits === 'auto' && behindProxy)
}

/** By what clients are told apart, for the log. */
function sourcesSaid(config: RelayConfig): string {
  const truths: string[] = []
  if (knowsSourcesOf(config, { behindProxy: false })) truths.push('socket addresses')
  if (config.proxyListen.length > 0 && knowsSourcesOf(config, { behindProxy: true })) truths.push('PROXY headers')
  return truths.length > 0 ? `by ${truths.join(' and ')}` : 'off'
}

/** How the address of the relay's own listener is found; undefined when it has none. */
function ownAddressOf(config: RelayConfig, kubernetes: KubernetesApi): FindAddress | undefined {
  if (config.ownListen !== undefined) return findAddressBy({ kubernetes }, config)
  if (config.publicHost === undefined && config.publicAddressFrom === 'option') return undefined
  throw new Failure('malformed', 'A public address needs RELAY_OWN_LISTEN, the listener that it leads to')
}

function transportOf({ trunkTls }: RelayConfig, identity: TlsIdentity | undefined): TrunkTransport {
  if (!trunkTls) return tcpTransport
  if (identity) return tlsTransport(identity)
  throw new Failure('malformed', 'RELAY_TRUNK_TLS needs RELAY_TLS_CERT_FILE, RELAY_TLS_KEY_FILE and RELAY_TLS_CA_FILE')
}
