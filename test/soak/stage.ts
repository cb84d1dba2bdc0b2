import type { Address } from '../../deploy/local/balancer.ts'
import { startFleet } from '../../deploy/local/fleet.ts'
import type { RedisServer } from '../../deploy/local/redis.ts'
import { nodeOptions, type ServiceName, type ServiceProcess, startService } from '../../deploy/local/service.ts'
import { Inspector, inspectable } from '../support/inspector.ts'
import { logInRequester, type Requester } from '../support/requester.ts'

/** A relay by its place: the address stays when the process is replaced. */
export interface RelayPlace {
  readonly name: string
  readonly socks: Address
  /** Whether its process is never replaced. */
  readonly kept: boolean
}

/** A service that may be stopped or killed, and is then started again with the same environment. */
export interface Replaceable extends AsyncDisposable {
  readonly name: string
  /** The process that runs now, or ran last. */
  readonly current: ServiceProcess
  /** Waits for the end of the current process and starts the next. Resolves when that one is ready. */
  replace(): Promise<void>
}

/** A service that is never replaced. */
export interface KeptService extends ServiceProcess {
  /** After this its heap has what is in use. Throws when it ends before. */
  collectGarbage(): Promise<void>
}

/** All that a soak needs, each part a process of its own. Disposing stops everything. */
export interface Stage extends AsyncDisposable {
  readonly requesters: readonly Requester[]
  readonly relays: readonly RelayPlace[]
  /** They run from the first moment to the last: whatever leaks, leaks here. */
  readonly kept: { readonly relays: readonly KeptService[]; readonly control: KeptService }
  readonly relay: Replaceable
  readonly control: Replaceable
  readonly redis: RedisServer
}

const REQUESTERS = 16

/** How long two halves wait that are never activated: short enough to see many of them go, long enough on a busy machine. */
const activationTimeoutMs = 30_000

/** A soak looks for what is lost or grows, not for what takes long where the machine has other work. */
const patient = {
  relay: { handoffTimeoutMs: 15_000, ticketTimeoutMs: 16_000 },
  control: { overtakeMs: 5_000, activationTimeoutMs: 20_000, findHalvesTimeoutMs: 5_000 },
}

/**
 * Starts Redis, ejabberd, two controls and three relays; of each kind of service one is there to be replaced, which is
 * over when `interrupted` aborts.
 */
export async function openStage(interrupted: AbortSignal): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const fleet = opened.use(
    await startFleet({
      relays: 3,
      // It lets both controls serve at once, so that one is missed when it goes and the other is never idle.
      server: 'ejabberd',
      under: inspectable(nodeOptions, '--expose-gc'),
      relay: { ...patient.relay, logLevel: 'info', activationTimeoutMs, drainTimeoutMs: 60_000 },
      // All the load comes as one account.
      control: {
        ...patient.control,
        logLevel: 'info',
        activationsPerRequester: 10_000,
        bytestreamsPerRequester: 10_000,
        iqsPerSecond: 10_000,
        iqBurst: 10_000,
      },
    }),
  )
  const keep = async (service: ServiceProcess): Promise<KeptService> => {
    const inspector = opened.use(await Inspector.open(service))
    return Object.assign(service, { collectGarbage: () => inspector.run('gc()') })
  }
  const kept = await keep(fleet.control)
  const control = opened.use(replaceable('control', await fleet.startControl(), interrupted))
  const last = fleet.relays.at(-1)
  if (!last) throw new Error('Cannot replace a relay: there is none')
  const relays = fleet.relays.map(({ name, socks }) => {
    const address = socks['']
    if (!address) throw new Error(`Cannot dial ${name}: it has no shared listener`)
    return { name, socks: address, kept: name !== last.name }
  })
  const keptRelays = await Promise.all(fleet.relays.slice(0, -1).map(keep))
  const relay = opened.use(replaceable('relay', last, interrupted))
  const requesters: Requester[] = []
  for (let i = 0; i < REQUESTERS; i++) {
    requesters.push(opened.use(await logInRequester(fleet, { resource: `soak-${i}` })))
  }
  const running = opened.move()
  return {
    requesters,
    relays,
    kept: { relays: keptRelays, control: kept },
    relay,
    control,
    redis: fleet.redis,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function replaceable(service: ServiceName, first: ServiceProcess, interrupted: AbortSignal): Replaceable {
  let current = first
  return {
    name: first.name,
    get current() {
      return current
    },
    async replace() {
      await current.exited
      await current.stop()
      if (interrupted.aborted) return
      current = await startService(service, current.env, { name: first.name, until: 'readyz' })
    },
    async [Symbol.asyncDispose]() {
      await current.stop()
    },
  }
}
