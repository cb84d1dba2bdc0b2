import { type Fleet, startFleet } from '../../../deploy/local/fleet.ts'
import type { Workshop } from '../workshop.ts'
import { logInActivators } from './activator.ts'
import type { Activator, Subject } from './subject.ts'

/** How splice65 is run. */
export interface Splice65Shape {
  /** As tables call it. */
  readonly name: string
  readonly engine: 'splice' | 'stream'
  /** With two, the halves of every bytestream come to different ones. */
  readonly relays: 1 | 2
  /** Bytes a second that one bytestream may move. Default: no limit. */
  readonly streamRateBytes?: number
}

export const samePod: Splice65Shape = { name: 'splice65', engine: 'splice', relays: 1 }
export const crossPod: Splice65Shape = { name: 'splice65 cross-pod', engine: 'splice', relays: 2 }
export const limited: Splice65Shape = {
  name: 'splice65, a stream at 64 MiB/s',
  engine: 'splice',
  relays: 1,
  streamRateBytes: 64 * 1024 ** 2,
}
export const streamEngine: Splice65Shape = { name: 'splice65 stream engine', engine: 'stream', relays: 1 }

/** Prosody, Redis and one control, of which the relays of every trial become part. */
interface Backstage {
  readonly fleet: Fleet
  readonly requesters: readonly Activator[]
}

const backstages = new WeakMap<Workshop, Promise<Backstage>>()

/**
 * splice65 as it ships: relays in processes of their own, registry in Redis, control on a real Prosody. Only the limits
 * that keep order among many clients are off, as the peers have none: all of the load is one client and one account.
 */
export function splice65Subject(workshop: Workshop, { name, engine, relays, streamRateBytes }: Splice65Shape): Subject {
  return {
    name,
    async start({ waitingMs } = {}) {
      const { fleet, requesters } = await backstageOf(workshop)
      await using stack = new AsyncDisposableStack()
      const settings = {
        logLevel: 'info',
        engine,
        activationTimeoutMs: waitingMs,
        streamRateBytes,
        connectionsPerSecond: 0,
      }
      const started = []
      for (let i = 0; i < relays; i++) started.push(stack.use(await fleet.startRelay(settings)))
      const ports = started.map(({ socks }) => socks['']?.port ?? 0)
      const [first = 0, last = first] = ports
      const running = stack.move()
      return {
        pids: started.map(({ pid }) => pid),
        target: { receivers: first, senders: last },
        requesters,
        [Symbol.asyncDispose]: () => running.disposeAsync(),
      }
    },
  }
}

function backstageOf(workshop: Workshop): Promise<Backstage> {
  const existing = backstages.get(workshop)
  if (existing) return existing
  const started = startBackstage(workshop)
  backstages.set(workshop, started)
  return started
}

async function startBackstage({ opened }: Workshop): Promise<Backstage> {
  const control = {
    logLevel: 'info',
    activationsPerRequester: 1_000,
    bytestreamsPerRequester: 0,
    iqsPerSecond: 10_000,
    iqBurst: 10_000,
  }
  const fleet = opened.use(await startFleet({ relays: 0, control }))
  return { fleet, requesters: await logInActivators(fleet, opened) }
}
