import { Counter, Gauge, Histogram } from 'prom-client'
import { abbreviate } from '../shared/bytestream/digest.ts'
import { formatBareJid, type Jid } from '../shared/bytestream/jid.ts'
import type { Room } from '../shared/bytestream/room.ts'
import type { EndedCommand } from '../shared/commands/protocol.ts'
import { createComponentEvents } from '../shared/component/events.ts'
import type { LinkEvents, LinkState } from '../shared/component/link.ts'
import type { Registry } from '../shared/registry/registry.ts'
import { createRegistryMetrics, type RegistryMetrics } from '../shared/registry/registry-metrics.ts'
import { sealFaults } from '../shared/registry/relay-seal.ts'
import type { CallEnded } from '../shared/rpc/client.ts'
import { createRpcMetrics } from '../shared/rpc/rpc-metrics.ts'
import type { Logger } from '../shared/runtime/log.ts'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { StanzaErrorCondition } from '../shared/xmpp/stanza-error.ts'
import { type ActivationOutcome, type AnsweredActivation, activationOutcomes } from './bytestreams/activate.ts'
import { type LimitName, limitNames } from './bytestreams/quotas.ts'
import { type IqKind, iqKinds } from './component/router.ts'
import type { Directory } from './directory.ts'
import type { RefusedRecord } from './genuine-relays.ts'

/** Everything control has to tell: each function writes the log line and moves the metric. */
export interface ControlEvents extends LinkEvents {
  iqAnswered(kind: IqKind, outcome: 'result' | StanzaErrorCondition): void
  handlerFailed(kind: IqKind, error: unknown): void
  floodHeld(sender: Jid, held: 'refused' | 'dropped'): void
  activationAnswered(activation: AnsweredActivation): void
  /** The registry could not be told how an activation went, for another reason than being away. */
  settlementFailed(room: Room, error: unknown): void
  /** A requester was refused because of this limit; the activation is told by itself. */
  limitReached(limit: LimitName): void
  /** The registry could not say whether a limit is reached, so it was not held. */
  limitUnchecked(error: unknown): void
  commandEnded(ended: EndedCommand): void
  /** Records in the registry that no relay of ours has written; `areNew` when they are others than last time. */
  recordsRefused(refused: readonly RefusedRecord[], areNew: boolean): void
  /** Somebody with the token has ended a bytestream, or begun or undone a drain. */
  operatorActed(act: {
    readonly act: 'end' | 'drain' | 'undrain'
    readonly relay: string
    readonly bytestream?: string
  }): void
  registryRequested: RegistryMetrics['answered']
  recordRefused: RegistryMetrics['unreadable']
  rpcAnswered: CallEnded
  /** Shows, from now on, the link's state, the relays and the registry at every scrape. */
  watch(parts: {
    readonly link: { readonly state: LinkState }
    readonly directory: Directory
    readonly registry: Pick<Registry, 'reachable'>
  }): void
}

const severity: Record<ActivationOutcome, 'debug' | 'info' | 'warn'> = {
  joined: 'debug',
  repeated: 'debug',
  malformed: 'info',
  forbidden: 'info',
  'not-found': 'info',
  'not-ready': 'info',
  taken: 'info',
  'over-limit': 'info',
  unavailable: 'warn',
  internal: 'warn',
}

/** Of records that are refused; whoever wrote them may have written any number. */
const mostNamed = 10

/** Builds the events of one control. Its metrics belong to `metrics`. */
export function createControlEvents({
  log,
  metrics,
}: {
  readonly log: Logger
  readonly metrics: Metrics
}): ControlEvents {
  const registers = [metrics]
  const iqs = new Counter({
    name: 'splice65_iqs_total',
    help: 'IQ requests answered, by their kind and the answer: result, or the stanza error condition.',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  for (const kind of iqKinds) iqs.inc({ kind, outcome: 'result' }, 0)
  const floods = new Counter({
    name: 'splice65_iqs_over_budget_total',
    help: 'Requests of senders that ask too much: the first was refused, those that followed were dropped.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['refused', 'dropped']) floods.inc({ outcome }, 0)
  const activations = new Counter({
    name: 'splice65_activations_total',
    help: 'Activations answered, by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of activationOutcomes) activations.inc({ outcome }, 0)
  const activationSeconds = new Histogram({
    name: 'splice65_activation_duration_seconds',
    help: 'From an activation to its answer, by outcome.',
    labelNames: ['outcome'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5],
    registers,
  })
  activationSeconds.zero({ outcome: 'joined' })
  const registryMetrics = createRegistryMetrics(metrics, [
    ...(['claim-activation', 'abandon-activation', 'bury', 'relays'] as const),
    ...(['enter-account', 'leave-account'] as const),
  ])
  const limitsReached = new Counter({
    name: 'splice65_limits_reached_total',
    help: 'Activations refused because of a limit, by which.',
    labelNames: ['limit'],
    registers,
  })
  for (const limit of limitNames) limitsReached.inc({ limit }, 0)
  const limitsUnchecked = new Counter({
    name: 'splice65_limits_unchecked_total',
    help: 'Times a limit was not held because the registry could not say whether it is reached.',
    registers,
  })
  const { watchLink, ...component } = createComponentEvents({ log, metrics }, 'splice65_component')

  const refusedRecords = new Counter({
    name: 'splice65_relay_records_refused_total',
    help: 'Records of relays in the registry that are not believed, counted at every look, by why.',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of sealFaults) refusedRecords.inc({ reason }, 0)

  return {
    ...component,
    iqAnswered(kind, outcome) {
      iqs.inc({ kind, outcome })
    },
    handlerFailed(kind, error) {
      log.error({ err: error, kind }, 'an iq handler failed unexpectedly')
    },
    floodHeld(sender, held) {
      floods.inc({ outcome: held })
      if (held === 'refused') log.warn({ sender: formatBareJid(sender) }, 'a sender asks too much: it is not answered')
    },
    activationAnswered({ outcome, requester, target, digest, durationMs, error }) {
      activations.inc({ outcome })
      activationSeconds.observe({ outcome }, durationMs / 1000)
      log[severity[outcome]](
        {
          outcome,
          requester: formatBareJid(requester),
          target: target && formatBareJid(target),
          digest: digest && abbreviate(digest),
          durationMs: Math.round(durationMs),
          reason: reasonOf(error),
        },
        'activation answered',
      )
    },
    settlementFailed(room, error) {
      log.error({ digest: abbreviate(room.digest), err: error }, 'the registry was not told how an activation went')
    },
    limitReached(limit) {
      limitsReached.inc({ limit })
    },
    limitUnchecked(error) {
      limitsUnchecked.inc()
      log.debug({ err: error }, 'the registry cannot say whether a limit is reached; it is not held')
    },
    commandEnded({ node, by, entries, failure }) {
      log.info(
        { command: node, admin: formatBareJid(by), entries, reason: reasonOf(failure) },
        failure ? 'command failed' : 'command carried out',
      )
    },
    operatorActed(act) {
      log.info(act, 'an operator acted')
    },
    recordsRefused(refused, areNew) {
      for (const { fault } of refused) refusedRecords.inc({ reason: fault })
      if (!areNew) return
      log.warn(
        { records: refused.length, relays: refused.slice(0, mostNamed) },
        'the registry lists relays that are not ours: is the token theirs too, their clock right, their release this one?',
      )
    },
    registryRequested: registryMetrics.answered,
    recordRefused: registryMetrics.unreadable,
    rpcAnswered: createRpcMetrics(metrics, ['activate', 'findHalves']),
    watch({ link, directory, registry }) {
      registryMetrics.watch(registry)
      watchLink(link)
      new Gauge({
        name: 'splice65_relays',
        help: 'Relays as last known: ready, draining, or missing from the registry for longer than a lease.',
        labelNames: ['state'],
        registers,
        collect() {
          const alive = directory.alive()
          const draining = alive.filter((relay) => relay.draining).length
          this.set({ state: 'ready' }, alive.length - draining)
          this.set({ state: 'draining' }, draining)
          this.set({ state: 'missing' }, directory.known().length - alive.length)
        },
      })
    },
  }
}

/** What an operator is told: the failure, and what lies beneath it, without a stack. */
function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
