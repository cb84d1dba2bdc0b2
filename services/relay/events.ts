import { Counter, Histogram } from 'prom-client'
import { abbreviate } from '../shared/bytestream/digest.ts'
import { Failure } from '../shared/bytestream/failure.ts'
import { formatBareJid, parseJid } from '../shared/bytestream/jid.ts'
import type { Ending } from '../shared/bytestream/outcome.ts'
import type { Registry } from '../shared/registry/registry.ts'
import { createRegistryMetrics, type RegistryMetrics } from '../shared/registry/registry-metrics.ts'
import type { CallEnded } from '../shared/rpc/client.ts'
import { createRpcMetrics } from '../shared/rpc/rpc-metrics.ts'
import type { Clock } from '../shared/runtime/clock.ts'
import type { Logger } from '../shared/runtime/log.ts'
import type { Metrics } from '../shared/runtime/metrics.ts'
import type { AcceptFailed } from '../shared/runtime/patient-listener.ts'
import type { Bytestream } from './bytestream.ts'
import { bytestreamEndings, halfEndings } from './endings.ts'
import { exposeGauges, type RelayGauges, type RelayTerms } from './gauges.ts'
import type { HalfConnection } from './half-connection.ts'
import type { Address } from './public-address/find-address.ts'
import { exposeRelayedBytes } from './relayed-bytes.ts'
import { seldom } from './seldom.ts'
import { handshakeFaults } from './socks5/handshake.ts'

/** What is wrong where a PROXY header from a trusted proxy is required. */
const proxyFaults = ['untrusted', 'header-missing', 'header-malformed'] as const
/** A proxy that is set up wrongly shows at once, and whoever knocks at the port cannot fill the log. */
const PROXY_WARNING_MS = 60_000
/** It fails every second while it does. */
const ACCEPT_WARNING_MS = 60_000

/**
 * Which limit a client met: all sockets are taken, connections come too fast, memory is short, its address has too many
 * handshakes under way or halves waiting, or too many halves of all wait, here or on all relays together.
 */
export const limitResults = [
  'over-limit',
  'over-rate',
  'over-memory',
  'source-handshakes',
  'source-halves',
  'waiting-full',
  'fleet-full',
] as const
export type LimitResult = (typeof limitResults)[number]

/** How a handshake ended. A `probe` connected, perhaps greeted, and left: load balancers and clients look so. */
export const handshakeResults = [
  'accepted',
  'probe',
  ...proxyFaults,
  ...handshakeFaults,
  'taken',
  ...limitResults,
  'draining',
  'unavailable',
  'expired',
  'aborted',
] as const
export type HandshakeResult = (typeof handshakeResults)[number]

/** One function per thing worth telling: its log line and its metric together, so that they agree. */
export interface RelayEvents {
  handshakeEnded(result: HandshakeResult, remote: string, why?: string): void
  /** The kernel hands no clients over; so many of them waited, and were turned away. */
  acceptFailed: AcceptFailed
  halfWaits(half: HalfConnection): void
  halfEnded(half: HalfConnection, ending: Ending, waitedMs: number): void
  bytestreamStarted(bytestream: Bytestream): void
  bytestreamEnded(bytestream: Bytestream, ending: Ending, durationMs: number): void
  /** A handoff to another relay is through, or failed with `error`. */
  handoffEnded(peer: string, error?: unknown): void
  trunkRefused(failure: Failure, remote: string): void
  registryFailed(operation: string, failure: Failure): void
  registryAnswered: RegistryMetrics['answered']
  recordRefused: RegistryMetrics['unreadable']
  rpcAnswered: CallEnded
  /** A worker of the engine died and was replaced; its bytestreams have ended. */
  engineCrashed(error: Error): void
  /** Clients reach this relay alone at another address from now on. */
  publicAddressChanged(address: Address): void
  /** Nobody can tell at which, or there is none; `address` is what is published on. */
  publicAddressUnknown(failure: Failure, address: Address | undefined): void
  drainStarted(halves: number, bytestreams: number): void
  drainEnded(forced: boolean): void
  /** Gives the metrics something to read. */
  observe(gauges: RelayGauges, parts: { readonly registry: Registry; readonly terms: RelayTerms }): void
}

const ownedPaths = ['local', 'handoff']

/** Builds the events of one relay. */
export function createRelayEvents({
  log,
  metrics,
  clock,
}: {
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
}): RelayEvents {
  const registers = [metrics]
  const handshakes = new Counter({
    name: 'splice65_handshakes_total',
    help: 'SOCKS5 handshakes by how they ended; a probe connected, perhaps greeted, and left.',
    labelNames: ['result'],
    registers,
  })
  for (const result of handshakeResults) handshakes.inc({ result }, 0)
  const halves = new Counter({
    name: 'splice65_half_connections_total',
    help: 'Half-connections by how they ended; completed means joined into a bytestream.',
    labelNames: ['outcome', 'reason'],
    registers,
  })
  for (const ending of halfEndings) halves.inc(ending, 0)
  const wait = new Histogram({
    name: 'splice65_half_connection_wait_seconds',
    help: 'From a half-connection’s request to its activation, for those that were activated.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    registers,
  })
  const bytestreams = new Counter({
    name: 'splice65_bytestreams_total',
    help: 'Bytestreams owned by this relay, by how they ended and whether they crossed relays.',
    labelNames: ['outcome', 'reason', 'path'],
    registers,
  })
  for (const path of ownedPaths) for (const ending of bytestreamEndings) bytestreams.inc({ ...ending, path }, 0)
  const legs = new Counter({
    name: 'splice65_legs_total',
    help: 'Halves this relay gave to other relays’ bytestreams, by how they ended.',
    labelNames: ['outcome', 'reason'],
    registers,
  })
  for (const ending of bytestreamEndings) legs.inc(ending, 0)
  const duration = new Histogram({
    name: 'splice65_bytestream_duration_seconds',
    help: 'From activation to the end of bytestreams owned by this relay.',
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
    labelNames: ['path'],
    registers,
  })
  const size = new Histogram({
    name: 'splice65_bytestream_size_bytes',
    help: 'Bytes of bytestreams owned by this relay, both directions together.',
    buckets: Array.from({ length: 13 }, (_, power) => 4 ** power * 1_024),
    labelNames: ['path'],
    registers,
  })
  for (const histogram of [duration, size]) for (const path of ownedPaths) histogram.zero({ path })
  const handoffs = new Counter({
    name: 'splice65_handoffs_total',
    help: 'Handoffs this relay asked of others.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['completed', 'failed']) handoffs.inc({ outcome }, 0)
  const trunksRefused = new Counter({
    name: 'splice65_trunks_refused_total',
    help: 'Connections to the trunk port that became no trunk.',
    registers,
  })
  const engineCrashes = new Counter({
    name: 'splice65_engine_crashes_total',
    help: 'Workers of the engine that crashed and were replaced.',
    registers,
  })
  const registry = createRegistryMetrics(metrics, [
    ...(['claim', 'renew', 'release', 'bury', 'announce', 'withdraw'] as const),
    ...(['renew-account', 'charge-account', 'leave-account'] as const),
  ])
  const mayWarnOfProxies = seldom(clock, PROXY_WARNING_MS)
  const mayWarnOfAccept = seldom(clock, ACCEPT_WARNING_MS)

  const story = (bytestream: Bytestream) => ({
    digest: abbreviate(bytestream.facts.room.digest),
    bytestream: bytestream.id,
    path: bytestream.facts.path,
    requester: bare(bytestream.facts.requester),
    target: bare(bytestream.facts.target),
    ...(bytestream.facts.peerRelay && { peer: bytestream.facts.peerRelay }),
  })

  return {
    handshakeEnded(result, remote, why) {
      handshakes.inc({ result })
      log.debug({ remote, result, why }, 'handshake ended')
      if (proxyFaults.some((fault) => fault === result) && mayWarnOfProxies()) {
        log.warn({ remote, result, why }, 'refused where a trusted proxy and its PROXY header are required')
      }
    },
    acceptFailed(failure, waiting) {
      handshakes.inc({ result: 'unavailable' }, waiting)
      if (mayWarnOfAccept()) log.warn({ err: failure, waiting }, 'clients cannot be accepted; asked again every second')
    },
    halfWaits(half) {
      log.debug({ half: half.id, digest: abbreviate(half.room.digest), remote: half.remote }, 'half-connection waits')
    },
    halfEnded(half, { outcome, reason }, waitedMs) {
      halves.inc({ outcome, reason })
      if (outcome === 'completed') wait.observe(waitedMs / 1_000)
      const { id, room, remote } = half
      log.debug(
        { half: id, digest: abbreviate(room.digest), remote, outcome, reason, waitedMs },
        'half-connection ended',
      )
    },
    bytestreamStarted(bytestream) {
      log.debug(story(bytestream), 'bytestream started')
    },
    bytestreamEnded(bytestream, { outcome, reason }, durationMs) {
      const { fromFirst, fromSecond } = bytestream.bytes
      const { path, selfTest } = bytestream.facts
      const told = {
        ...story(bytestream),
        outcome,
        reason,
        bytesFromFirst: fromFirst,
        bytesFromSecond: fromSecond,
        durationMs,
      }
      if (path === 'leg') {
        legs.inc({ outcome, reason })
        log.debug(told, 'leg ended')
        return
      }
      if (selfTest) {
        log.debug(told, 'self-test bytestream ended')
        return
      }
      bytestreams.inc({ outcome, reason, path })
      duration.observe({ path }, durationMs / 1_000)
      size.observe({ path }, fromFirst + fromSecond)
      log.info(told, 'bytestream ended')
    },
    handoffEnded(peer, error) {
      handoffs.inc({ outcome: error === undefined ? 'completed' : 'failed' })
      if (error !== undefined) log.warn({ peer, err: error }, 'handoff failed; both halves wait on')
    },
    trunkRefused(failure, remote) {
      trunksRefused.inc()
      log.warn({ remote, err: failure }, 'trunk refused')
    },
    registryFailed(operation, failure) {
      log.debug({ operation, err: failure }, 'the registry did not serve; the relay goes on by what it holds')
    },
    registryAnswered: registry.answered,
    recordRefused: registry.unreadable,
    rpcAnswered: createRpcMetrics(metrics, ['handoff']),
    engineCrashed(error) {
      engineCrashes.inc()
      log.error(
        { err: error },
        'a worker of the engine crashed and its bytestreams ended; the next connection starts another',
      )
    },
    publicAddressChanged(address) {
      log.info({ address }, 'clients reach this relay at its own address')
    },
    publicAddressUnknown(failure, address) {
      const effect = address ? 'the last one known is published on' : 'this relay publishes none of its own'
      log.warn({ err: failure, address }, `the public address is not known: ${effect}`)
    },
    drainStarted(waiting, live) {
      log.info({ halves: waiting, bytestreams: live }, 'draining: nothing new is taken')
    },
    drainEnded(forced) {
      log.info({ forced }, forced ? 'drain cut short: what was live is ended' : 'drained')
    },
    observe(gauges, parts) {
      exposeGauges(gauges, parts.terms, metrics)
      exposeRelayedBytes(gauges.relayed, metrics)
      registry.watch(parts.registry)
    },
  }
}

/** Bare JIDs only: a resource can tell more of a person than an operator needs. */
function bare(jid: string): string | undefined {
  if (jid === '') return undefined
  try {
    return formatBareJid(parseJid(jid))
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
