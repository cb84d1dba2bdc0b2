import type { AddressInfo } from 'node:net'
import { createAdmission } from '../shared/component/admission.ts'
import { IqBudget } from '../shared/component/iq-budget.ts'
import { ComponentLink, type LinkState } from '../shared/component/link.ts'
import { openRegistry } from '../shared/registry/open.ts'
import type { Registry, RelayRecord } from '../shared/registry/registry.ts'
import { demandToken } from '../shared/rpc/demand-token.ts'
import { controlService } from '../shared/rpc/protocol.ts'
import { openRelayClients, type RelayClients } from '../shared/rpc/relay-clients.ts'
import { serveRpc } from '../shared/rpc/server.ts'
import { type Clock, systemClock } from '../shared/runtime/clock.ts'
import { serveHealth } from '../shared/runtime/health.ts'
import { createLog, type Logger } from '../shared/runtime/log.ts'
import { createMetrics, type Metrics } from '../shared/runtime/metrics.ts'
import type { Running } from '../shared/runtime/run.ts'
import { openTlsIdentity } from '../shared/runtime/tls-identity.ts'
import { exposeTlsIdentity } from '../shared/runtime/tls-metrics.ts'
import { watchSecret } from '../shared/runtime/watched-secret.ts'
import { activateRoute } from './bytestreams/activate.ts'
import { Activator } from './bytestreams/activator.ts'
import { discoRoutes } from './bytestreams/disco.ts'
import { Permits } from './bytestreams/permits.ts'
import { Quotas } from './bytestreams/quotas.ts'
import { addressRoute } from './bytestreams/streamhost.ts'
import { createCommands } from './commands/commands.ts'
import { housekeepingRoutes } from './component/housekeeping.ts'
import { createRouter } from './component/router.ts'
import { type ControlConfig, controlOptions } from './config.ts'
import { openDirectory } from './directory.ts'
import { createControlEvents } from './events.ts'
import { Fleet } from './fleet/fleet.ts'
import { pickGenuine } from './genuine-relays.ts'
import { controlHandlers } from './rpc.ts'
import { createSelfTestEvents } from './self-test/events.ts'
import { SelfTest } from './self-test/self-test.ts'

/** Parts of control that can be given instead of built. What is given stays its giver's to close. */
export interface ControlParts {
  readonly log: Logger
  readonly metrics: Metrics
  readonly registry: Registry
  readonly relays: RelayClients
  readonly clock: Clock
  readonly random: () => number
}

/** A control that runs. */
export interface RunningControl extends Running {
  readonly addresses: { readonly health: AddressInfo }
  readonly rpcPort: number
  /** How it stands with the XMPP server. */
  readonly component: { readonly state: LinkState }
  drain(signal: AbortSignal): Promise<void>
}

/** Builds a control and starts it; it goes on connecting to the XMPP server for as long as that takes. */
export async function startControl(config: ControlConfig, given: Partial<ControlParts> = {}): Promise<RunningControl> {
  const { clock = systemClock, random = Math.random } = given
  demandToken('control', config)
  const admits = createAdmission(config)
  const log = given.log ?? createLog('control', config)
  const metrics = given.metrics ?? createMetrics('control')
  const events = createControlEvents({ log, metrics })

  // What is opened here closes in reverse order: when control stops, or at once when it cannot start.
  await using opened = new AsyncDisposableStack()
  const registry =
    given.registry ??
    opened.adopt(
      await openRegistry(config.registryUrl, {
        log,
        onRequest: events.registryRequested,
        onUnreadable: events.recordRefused,
      }),
      (it) => it.close(),
    )
  const identity = opened.use(openTlsIdentity('control', config, { log }))
  exposeTlsIdentity(identity, metrics)
  const watch = <K extends 'rpcToken' | 'componentSecret'>(option: K) =>
    opened.use(watchSecret({ log }, { service: 'control', schema: controlOptions, config, option }))
  const rpcToken = watch('rpcToken')
  const componentSecret = watch('componentSecret')
  // Asked for secrets whenever they are needed: their files may have others by then.
  const live: ControlConfig = {
    ...config,
    get rpcToken() {
      return rpcToken.current
    },
    get componentSecret() {
      return componentSecret.current
    },
  }
  const showing = {
    identity,
    onCall: events.rpcAnswered,
    get rpcToken() {
      return rpcToken.current
    },
  }
  const relays = given.relays ?? opened.adopt(openRelayClients(showing), (it) => it.close())
  const genuine = pickGenuine({ events }, live)
  // The first call to a relay is an activation that somebody waits for: it finds the connection made.
  const onListed = ({ rpcAddress }: RelayRecord) => relays.warm(rpcAddress)
  const directory = opened.adopt(await openDirectory({ registry, clock, genuine, onListed }, config), (it) => it.stop())
  const permits = new Permits({ clock }, config.findHalvesConcurrency)
  const activator = new Activator({ registry, directory, relays, permits, clock, events }, config)
  // The link answers by way of the commands, these ask the self-test, and that tells how the link stands.
  const component = {
    get state() {
      return link.state
    },
  }
  const selfTest = config.selfTest
    ? opened.adopt(
        new SelfTest(
          { activator, directory, component, events: createSelfTestEvents({ log, metrics }), clock, random },
          config,
        ),
        (it) => it.stop(),
      )
    : undefined
  const fleet = new Fleet({ directory, relays, clock })
  const commands = config.admins.length > 0 ? createCommands({ fleet, selfTest, events }, live) : undefined
  const answer = createRouter(
    {
      routes: [
        ...discoRoutes({ nodes: commands?.nodes }, config),
        ...housekeepingRoutes({ clock }),
        addressRoute({ directory, admits }, config),
        activateRoute(
          { activator, quotas: new Quotas({ registry, events }, config), directory, admits, clock, events },
          config,
        ),
        ...(commands ? [commands.route] : []),
      ],
      serves: (resource) =>
        config.streamhosts.some(({ name }) => name === resource) || directory.find(resource) !== undefined,
      budget: new IqBudget({ clock }, config),
      events,
    },
    config,
  )
  const link = new ComponentLink({ answer, events, clock, random }, live)
  events.watch({ link, directory, registry })
  const handlers = controlHandlers({ fleet, events, selfTest })
  const rpc = opened.adopt(await serveRpc({ service: controlService, handlers, log, identity }, live), (it) =>
    it.stop(),
  )
  let stopping = false
  const ready = () => (stopping ? 'stopping' : unreadiness(link.state))
  const health = opened.adopt(await serveHealth({ metrics, ready }, config), (it) => it.stop())
  opened.defer(componentSecret.onChange(() => link.retry()))
  opened.adopt(link, (it) => it.stop()).start()
  selfTest?.start()

  const running = opened.move()
  return {
    addresses: { health: health.address },
    rpcPort: rpc.port,
    component: link,
    async drain(signal) {
      stopping = true
      // By then whatever was asked before is answered; where requests never cease there is no better moment to leave.
      const over = AbortSignal.any([signal, AbortSignal.timeout(config.activationTimeoutMs)])
      await Promise.race([link.settle(), aborted(over)])
    },
    stop: () => running.disposeAsync(),
  }
}

/** Why this replica would not serve now. One that stands by is ready: it is what makes the other's end harmless. */
function unreadiness(state: LinkState): string | undefined {
  return state === 'connected' || state === 'standby'
    ? undefined
    : `${state}: no XMPP server has accepted the component`
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
