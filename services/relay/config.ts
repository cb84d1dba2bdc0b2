import { hostname } from 'node:os'
import { z } from 'zod'
import { peerOptions } from '../shared/rpc/peer-options.ts'
import { logLevels } from '../shared/runtime/log.ts'
import { integer, list, type Options, port, secret } from '../shared/runtime/options.ts'

/** The relay's options; `RELAY_…` in the environment. */
export const relayOptions = z.object({
  pod: z.string().default(hostname()).describe('Name of this relay, unique among relays.'),
  logLevel: z.enum(logLevels).default('info').describe('Least severity that is logged.'),
  healthHost: z.string().default('0.0.0.0').describe('Address that /metrics, /livez and /readyz listen on.'),
  healthPort: port().default(9091).describe('Port of /metrics, /livez and /readyz.'),
  registryUrl: secret(
    z
      .string()
      .default('redis://localhost:6379')
      .describe('The registry: redis://, rediss://, redis+sentinel://, redis+cluster:// or memory:'),
  ),

  listen: list()
    .default(['0.0.0.0:7777'])
    .describe(
      'SOCKS5 listeners, host:port or name=host:port, separated by commas; a comma alone for none. A name is the streamhost that leads to it.',
    ),
  proxyListen: list()
    .default([])
    .describe(
      'SOCKS5 listeners like those of listen, for connections that begin with a PROXY protocol header (version 1 or 2) of a trusted proxy; others are refused there. A name may be one of listen: the same streamhost.',
    ),
  proxyTrusted: list()
    .default([])
    .describe('Addresses and CIDRs of the proxies in front of proxyListen, separated by commas. Needed with it.'),
  ownListen: z
    .string()
    .optional()
    .describe('host:port of a SOCKS5 listener of this relay alone, for streamhosts per pod.'),
  publicAddressFrom: z
    .enum(['option', 'node', 'service'])
    .default('option')
    .describe(
      'Where the address at which clients reach ownListen comes from: publicHost and publicPort (option), or the Kubernetes API: the external address of nodeName (node), or publicService (service).',
    ),
  publicHost: z
    .string()
    .optional()
    .describe(
      'Host at which clients reach ownListen; {pod} and {ordinal} are filled in. Where the address comes from a node: for nodes without an external one.',
    ),
  publicPort: z
    .string()
    .regex(/^\d+(\+\{ordinal\})?$/, 'must be a port or BASE+{ordinal}')
    .optional()
    .describe(
      'Port at which clients reach ownListen, or BASE+{ordinal}; default that of publicService, or the one it listens on.',
    ),
  nodeName: z.string().optional().describe('The Kubernetes node that this relay runs on.'),
  publicService: z
    .string()
    .optional()
    .describe(
      'Kubernetes Service of this relay alone, a LoadBalancer or a NodePort; {pod} and {ordinal} are filled in.',
    ),
  namespace: z.string().optional().describe('Namespace of publicService; default that of the service account.'),

  advertiseHost: z
    .string()
    .default(hostname())
    .describe('Host at which control and other relays reach this one: the pod’s address.'),
  rpcHost: z.string().default('0.0.0.0').describe('Address that gRPC listens on.'),
  rpcPort: port().default(6500).describe('Port of gRPC.'),
  ...peerOptions,
  trunkHost: z.string().default('0.0.0.0').describe('Address that trunks from other relays come to.'),
  trunkPort: port().default(6501).describe('Port of trunks.'),
  trunkTls: z
    .stringbool()
    .default(false)
    .describe('Trunks are mutual TLS too, on every relay alike; costs several times the CPU on what crosses relays.'),

  engine: z
    .enum(['auto', 'splice', 'stream'])
    .default('auto')
    .describe(
      'What moves the bytes: splice (in the kernel, Linux), stream (anywhere), auto (splice where it can be had).',
    ),
  engineWorkers: integer(1, 64)
    .optional()
    .describe('Threads of the splice engine; default one per core, at most four.'),
  pipeBudgetBytes: integer(65_536)
    .default(32 * 1024 * 1024)
    .describe('Kernel memory for the pipes of the splice engine, of all its threads together.'),
  maxSockets: integer(2)
    .optional()
    .describe(
      'Sockets of clients and trunks at most; default from the descriptor limit of the process, which must then allow at least 500.',
    ),
  maxMemoryBytes: integer(1)
    .optional()
    .describe(
      'Memory of the process above which it takes no new clients; default nine tenths of what its container may have.',
    ),
  maxWaiting: integer(1)
    .optional()
    .describe('Half-connections that may wait at once; default three quarters of maxSockets.'),
  maxFleetWaiting: integer(1)
    .default(100_000)
    .describe(
      'Half-connections that may wait on all relays together, the same on each; the registry needs half a KiB for one.',
    ),
  maxBytestreams: integer(1)
    .optional()
    .describe('Bytestreams this relay takes part in at once; default half of maxSockets.'),
  connectionsPerSecond: integer(0)
    .default(5_000)
    .describe('New connections a second; those above it are closed at once. 0: no limit.'),
  sourceLimits: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'Whether the next two limits hold: where a PROXY header names the client (auto), also where the socket’s own address does (on: no balancer may hide it, or all clients are one), or nowhere (off).',
    ),
  handshakesPerSource: integer(0)
    .default(256)
    .describe('Handshakes of one address, or of one IPv6 /64, under way at once; 0: no limit.'),
  halvesPerSource: integer(0)
    .default(512)
    .describe('Half-connections of one address, or of one IPv6 /64, that may wait at once; 0: no limit.'),
  streamRateBytes: integer(0)
    .default(0)
    .describe('Bytes a second of one bytestream, both directions together; 0: no limit.'),
  requesterRateBytes: integer(0)
    .default(0)
    .describe('Bytes a second of one requester’s bytestreams on this relay together; 0: no limit.'),
  podRateBytes: integer(0).default(0).describe('Bytes a second of all bytestreams this relay owns; 0: no limit.'),
  handshakeTimeoutMs: integer(1).default(10_000).describe('From accept to the end of the SOCKS5 handshake.'),
  handshakeTimeoutPressedMs: integer(1).default(3_000).describe('The same while 80 % of maxSockets or more are open.'),
  activationTimeoutMs: integer(1).default(120_000).describe('How long a half-connection may wait for its activation.'),
  finishedTimeoutMs: integer(1)
    .default(10_000)
    .describe('How long a half-connection can still be activated after its client’s FIN.'),
  idleTimeoutMs: integer(1)
    .default(600_000)
    .describe('A bytestream without a byte in either direction ends after this.'),
  stallTimeoutMs: integer(1).default(120_000).describe('A bytestream whose receiver takes nothing ends after this.'),
  lifetimeMs: integer(0).default(0).describe('A bytestream ends after this in any case; 0 sets no bound.'),
  maxBytestreamBytes: integer(0)
    .default(0)
    .describe(
      'A bytestream ends that has relayed more, both directions together, by a look once a second; 0: no limit.',
    ),
  chargeMs: integer(1)
    .default(5_000)
    .describe(
      'How often bytestreams are renewed and charged in the registry, where control counts them by requester or domain. A relay that is killed loses this much of their bytes.',
    ),
  handoffTimeoutMs: integer(1)
    .default(3_000)
    .describe('A handoff in all: the call, the dial and the preamble of the trunk.'),
  ticketTimeoutMs: integer(1)
    .default(4_000)
    .describe(
      'How long a handoff ticket is valid, and its half out of reach when nobody comes with it. Longer than the whole handoff may take.',
    ),
  heartbeatMs: integer(1).default(2_000).describe('How often the relay announces itself.'),
  renewalMs: integer(1).default(10_000).describe('How often waiting halves are renewed in the registry.'),
  drainDelayMs: integer(0)
    .default(5_000)
    .describe('After SIGTERM new clients are served for this long, until load balancers know.'),
  drainTimeoutMs: integer(1)
    .default(3_600_000)
    .describe('How long after SIGTERM what is live may take to end; what is left then is ended.'),
  drainSpreadMs: integer(0)
    .default(10_000)
    .describe('Over how long a drain ends what is left, so that clients do not all come back in one moment.'),
})

export type RelayConfig = Options<typeof relayOptions>
