import type { controlOptions } from '../../services/control/config.ts'
import type { courierOptions } from '../../services/courier/config.ts'
import type { relayOptions } from '../../services/relay/config.ts'

/** One limit: the option that sets it, and what is seen when it is reached. */
export interface Limit {
  readonly service: 'control' | 'courier' | 'relay'
  readonly option:
    | keyof typeof relayOptions.shape
    | keyof typeof controlOptions.shape
    | keyof typeof courierOptions.shape
  /** What holds where the option has no default of its own. */
  readonly otherwise?: string
  readonly client: string
  /** A metric is written with the labels that tell this limit from others. */
  readonly operator: string
}

/** A chapter of the page. */
export interface LimitGroup {
  readonly title: string
  readonly about: string
  readonly limits: readonly Limit[]
}

const relay = (option: keyof typeof relayOptions.shape, seen: Omit<Limit, 'service' | 'option'>): Limit => ({
  service: 'relay',
  option,
  ...seen,
})
const control = (option: keyof typeof controlOptions.shape, seen: Omit<Limit, 'service' | 'option'>): Limit => ({
  service: 'control',
  option,
  ...seen,
})

const courier = (option: keyof typeof courierOptions.shape, seen: Omit<Limit, 'service' | 'option'>): Limit => ({
  service: 'courier',
  option,
  ...seen,
})

const closedAtOnce = 'connection closed before a greeting'
const unactivated = 'connection closed; an activation answers `item-not-found` or `not-allowed`'
const reset = 'both connections are reset'
const constraint = '`resource-constraint` (wait), with a text that says which limit'
const slower = 'bytes come slower; nothing is lost'
const handshakes = (result: string) => `\`splice65_handshakes_total{result="${result}"}\``
const halves = (outcome: string, reason: string) =>
  `\`splice65_half_connections_total{outcome="${outcome}",reason="${reason}"}\``
const bytestreams = (outcome: string, reason: string) =>
  `\`splice65_bytestreams_total{outcome="${outcome}",reason="${reason}"}\``
const status = (code: number) => `\`splice65_courier_http_requests_total{status="${code}"}\``
const quota = (limit: string) => `\`splice65_courier_quota_refusals_total{limit="${limit}"}\``
const reached = (limit: string) => `\`splice65_limits_reached_total{limit="${limit}"}\``

/** Every limit there is, in the order in which a client meets them. */
export const limitGroups: readonly LimitGroup[] = [
  {
    title: 'Connections to a relay',
    about: `A relay knows what it can carry before it serves: it reads its descriptor limit, keeps a reserve for Redis, gRPC and
HTTP, and takes no more sockets than the rest. It does not start when that leaves fewer than 500, unless \`maxSockets\`
says so, nor with a \`maxSockets\` above it. From 95 % on \`/readyz\` says no, until it is down to 90 %, and so
it does while memory is short; what runs is not touched.

Limits per source hold only where an address is a client's own; the line \`relay started\` says by what a relay tells clients
apart. The chart switches \`sourceLimits\` on where the exposure keeps addresses (\`externalTrafficPolicy: Local\`, host
ports, the network of the node). Where a balancer before it hides them all the same, set it to \`off\` or use the PROXY protocol:
otherwise all clients are one. An IPv6 client is its /64.`,
    limits: [
      relay('maxSockets', {
        otherwise: '90 % of the descriptor limit, less reserve and pipes',
        client: closedAtOnce,
        operator: `${handshakes('over-limit')}, \`splice65_sockets_open\``,
      }),
      relay('connectionsPerSecond', { client: closedAtOnce, operator: handshakes('over-rate') }),
      relay('maxMemoryBytes', {
        otherwise: 'nine tenths of the container’s',
        client: closedAtOnce,
        operator: `${handshakes('over-memory')}, \`process_resident_memory_bytes\``,
      }),
      relay('sourceLimits', { client: 'as the next two', operator: 'the line `relay started`' }),
      relay('handshakesPerSource', { client: closedAtOnce, operator: handshakes('source-handshakes') }),
      relay('handshakeTimeoutMs', { client: 'connection closed', operator: handshakes('expired') }),
      relay('handshakeTimeoutPressedMs', { client: 'connection closed', operator: handshakes('expired') }),
    ],
  },
  {
    title: 'Half-connections that wait',
    about: `A third connection to a digest is refused whatever the limits say (REP 02). A waiting client is not read: what it may send early is bounded by the kernel’s window, or by 64 KiB with the \`stream\` engine.

\`maxFleetWaiting\` bounds what halves take of Redis. One takes half a KiB at most, in a room of its own (456 to 501 bytes
were measured, with Redis 7.0), so the default needs 50 MB. A relay counts its own halves as they are, and those of the others as
they said at their last heartbeat, which it reads at its own. The count is up to two heartbeats old: the bound can be exceeded by
what the other relays let in meanwhile, at most \`connectionsPerSecond\` × 2 × \`heartbeatMs\` each, by default 20,000 or 10 MB, and a
half is refused for as long whose place has just become free. While Redis cannot be asked, the last count holds.

A relay that drains counts. One that is gone counts as it did last for 30 s, which is how long Redis keeps its halves; if it comes back
by the same name it counts as it then is. A relay of a version without this limit counts as empty, and refuses nobody by it.`,
    limits: [
      relay('maxWaiting', {
        otherwise: 'three quarters of `maxSockets`',
        client: 'SOCKS5 reply 01',
        operator: handshakes('waiting-full'),
      }),
      relay('maxFleetWaiting', {
        client: 'SOCKS5 reply 01',
        operator: `${handshakes('fleet-full')}, \`splice65_fleet_half_connections_waiting\``,
      }),
      relay('halvesPerSource', { client: 'SOCKS5 reply 02', operator: handshakes('source-halves') }),
      relay('activationTimeoutMs', { client: unactivated, operator: halves('expired', 'unactivated') }),
      relay('finishedTimeoutMs', { client: unactivated, operator: halves('aborted', 'left') }),
    ],
  },
  {
    title: 'Requests and activations',
    about: `Counted by bare JID or by the domain of the requester. What is live and the bytes of the day are counted in Redis, over all
relays: control enters a bytestream at its activation, its relay renews it every \`chargeMs\` and charges what it has relayed.
A place whose relay was killed is free again after 30 s. A refused activation leaves its halves waiting.

While Redis cannot be asked, these limits refuse nobody (\`splice65_limits_unchecked_total\` counts how often): who may
use the proxy at all is decided without Redis, and an outage of it must not become one of the proxy. Bytestreams that
run meanwhile are charged when it is back; what those relayed that ended before is not charged. A relay that is killed
loses what it has not charged yet, \`chargeMs\` of bytes at most.`,
    limits: [
      control('iqsPerSecond', {
        client: '`resource-constraint` (wait) once, then no answer',
        operator: '`splice65_iqs_over_budget_total{outcome="dropped"}`',
      }),
      control('iqBurst', { client: 'as the one before', operator: 'as the one before' }),
      control('activationsPerRequester', {
        client: `${constraint}, free when one is answered`,
        operator: reached('requester-activations'),
      }),
      control('bytestreamsPerRequester', {
        client: `${constraint}, free when one has ended`,
        operator: reached('requester-bytestreams'),
      }),
      control('bytestreamsPerDomain', {
        client: `${constraint}, free when one has ended`,
        operator: reached('domain-bytestreams'),
      }),
      control('dailyBytesPerRequester', {
        client: `${constraint} and when the day is over; what runs is reset`,
        operator: `${reached('requester-bytes')}, ${bytestreams('exceeded', 'daily-bytes')}`,
      }),
      control('dailyBytesPerDomain', {
        client: `${constraint} and when the day is over; what runs is reset`,
        operator: `${reached('domain-bytes')}, ${bytestreams('exceeded', 'daily-bytes')}`,
      }),
      relay('maxBytestreams', {
        otherwise: 'half of `maxSockets`',
        client: `${constraint}, free when some have ended`,
        operator: reached('relay-bytestreams'),
      }),
    ],
  },
  {
    title: 'Bytestreams that run',
    about: `Rates hold on each relay: a requester whose bytestreams are spread over n relays gets n times his rate. Sizes and times are looked at
once a second and daily bytes every \`chargeMs\`, so a bytestream may run over by what it relays in that time.

A bytestream is ended when the bytes of the day are used up, rather than let run to its end: a quota that whoever is connected
in time can exceed at will is none. The receiver sees a reset, never an end of file, so nobody takes a part for the whole.

A bytestream at full speed takes turns with the others of its relay, but it takes all the CPU that it can get. Where that makes
the others late, a rate is the remedy; \`npm run bench -- --only neighbour\` measures both.

One limit is the kernel's, and the node's as a whole: what TCP may hold (\`net.ipv4.tcp_mem\`). A bytestream whose receiver
takes nothing holds megabytes, up to the largest of \`tcp_rmem\` and of \`tcp_wmem\`, until \`stallTimeoutMs\` ends it. When
hundreds of them have used all of it up, the kernel resets connections as they are closed, of every program on the
node; it writes \`TCP: out of memory\` to its log and counts \`TCPAbortOnMemory\`. A node for relays wants a larger
\`tcp_mem\`, or pods with a smaller \`tcp_rmem\`.`,
    limits: [
      relay('maxBytestreamBytes', { client: reset, operator: bytestreams('exceeded', 'size') }),
      relay('lifetimeMs', { client: reset, operator: bytestreams('expired', 'lifetime') }),
      relay('idleTimeoutMs', { client: reset, operator: bytestreams('expired', 'idle') }),
      relay('stallTimeoutMs', { client: reset, operator: bytestreams('expired', 'stalled') }),
      relay('streamRateBytes', { client: slower, operator: '`splice65_relayed_bytes_total`' }),
      relay('requesterRateBytes', { client: slower, operator: '`splice65_relayed_bytes_total`' }),
      relay('podRateBytes', { client: slower, operator: '`splice65_relayed_bytes_total`' }),
      relay('pipeBudgetBytes', {
        client: slower,
        operator: '`splice65_copied_bytes_total`, `splice65_pipe_waits_total`',
      }),
    ],
  },
  {
    title: 'The courier',
    about: `Counted in its database, over all replicas, by the bare JID of the sender or of the recipient. What is reserved counts as
used, from the offer on, so that no two files take the same room. Quotas refuse before the first byte, with the error that the
protocol has: by stream \`resource-constraint\`, for an upload slot the same with the time at which to try again, where that is known.`,
    limits: [
      courier('iqsPerSecond', {
        client: '`resource-constraint` (wait) once, then no answer',
        operator: '`splice65_courier_iqs_held_total`',
      }),
      courier('iqBurst', { client: 'as the one before', operator: 'as the one before' }),
      courier('transfersPerSender', { client: constraint, operator: '`splice65_courier_offers_total`' }),
      courier('maxFileBytes', {
        client: '`not-acceptable`, for a slot with `<file-too-large/>`',
        operator: '`splice65_courier_offers_total`',
      }),
      ...(['bytesPerSender', 'parcelsPerSender', 'dailyBytesPerSender'] as const).map((option) =>
        courier(option, { client: constraint, operator: quota(option) }),
      ),
      ...(['bytesPerRecipient', 'parcelsPerRecipient', 'totalBytes'] as const).map((option) =>
        courier(option, { client: constraint, operator: quota(option) }),
      ),
      courier('keepMs', {
        client: 'the sender is told that it expired; the link answers 410',
        operator: '`splice65_courier_parcels_timed_out_total{outcome="expired"}`',
      }),
      courier('abandonAfterMs', {
        client: 'a broken transfer begins from its start',
        operator: '`splice65_courier_parcels_timed_out_total{outcome="abandoned"}`',
      }),
      courier('slotMs', { client: 'the upload is refused (403)', operator: status(403) }),
      courier('httpConnections', {
        client: 'the connection is closed',
        operator: '`splice65_courier_http_requests_active`',
      }),
      courier('httpUploads', { client: '503 with `Retry-After`', operator: status(503) }),
      courier('httpDownloads', { client: '503 with `Retry-After`', operator: status(503) }),
      courier('httpTransfersPerAddress', { client: '429 with `Retry-After`', operator: status(429) }),
      courier('httpStallMs', {
        client: 'the connection is cut off; an upload can be resumed, a download by a range',
        operator: '`splice65_courier_http_transfers_total{outcome="broken"}`',
      }),
      courier('linkDownloads', { client: 'the link answers 410', operator: '`splice65_courier_parcels`' }),
    ],
  },
]
