import { hostname } from 'node:os'
import { z } from 'zod'
import { createAdmission } from '../shared/component/admission.ts'
import { bareJids, componentOptions, domain, encryptedOrNear } from '../shared/component/options.ts'
import { peerOptions } from '../shared/rpc/peer-options.ts'
import { logLevels } from '../shared/runtime/log.ts'
import { integer, list, type Options, orFault, port, secret } from '../shared/runtime/options.ts'
import { parseStreamhosts } from './bytestreams/streamhost.ts'

const rules = list().refine((texts) => texts.every(isRule), 'must be JIDs, domains, *.domains or *')

const uris = list().refine((texts) => texts.every((text) => URL.canParse(text)), 'must be URIs, such as mailto:…')

/** What an operator can set on control. The environment names begin with `CONTROL_`. */
export const controlOptions = z
  .object({
    pod: z.string().default(hostname()).describe('Name of this replica in logs.'),
    logLevel: z.enum(logLevels).default('info').describe('Least severity that is logged.'),
    healthHost: z.string().default('0.0.0.0').describe('Address that /metrics, /livez and /readyz listen on.'),
    healthPort: port().default(9090).describe('Port of /metrics, /livez and /readyz.'),

    componentDomain: domain.describe('JID of the component: the name of the proxy on the XMPP server.'),
    ...componentOptions,

    discoName: z.string().default('File transfer proxy').describe('What clients show for the proxy.'),
    discoSoftware: z.stringbool().default(false).describe('Tell everybody our software and its version (XEP-0232).'),
    contactAbuse: uris.default([]).describe('Where to report abuse: URIs, told to everybody (XEP-0157).'),
    contactAdmin: uris.default([]).describe('Where to reach the administrators: URIs.'),
    contactSupport: uris.default([]).describe('Where to ask for help: URIs.'),

    allow: rules
      .default([])
      .describe('Who may use the proxy: JIDs, domains, *.domains or *; empty: the parent domain and its subdomains.'),
    deny: rules.default([]).describe('Who may not, whatever allow says.'),
    admins: bareJids
      .default([])
      .describe('Who may list and end bytestreams and drain relays by ad-hoc commands (XEP-0050): bare JIDs.'),
    activationsPerRequester: integer(1)
      .default(16)
      .describe('Activations of one bare JID that may be under way at once.'),
    bytestreamsPerRequester: integer(0)
      .default(100)
      .describe('Bytestreams of one bare JID that may be live at once, on all relays together; 0: no limit.'),
    bytestreamsPerDomain: integer(0).default(0).describe('The same for all users of one domain.'),
    dailyBytesPerRequester: integer(0)
      .default(0)
      .describe(
        'Bytes that bytestreams of one bare JID may relay in a day (UTC), both directions together; what runs is then ended. 0: no limit.',
      ),
    dailyBytesPerDomain: integer(0).default(0).describe('The same for all users of one domain.'),
    iqsPerSecond: integer(1)
      .default(20)
      .describe(
        'Requests of one bare JID that are answered in a second, on average; what it asks beyond that is dropped.',
      ),
    iqBurst: integer(1).default(200).describe('Requests of one bare JID that are answered at once, after a rest.'),

    streamhosts: list()
      .transform((texts, context) => orFault(context, () => parseStreamhosts(texts)))
      .default([])
      .describe('Shared addresses to advertise: [name=]host:port, IPv6 in brackets; one may go without a name.'),
    streamhostMode: z
      .enum(['shared', 'per-pod'])
      .default('shared')
      .describe('per-pod advertises the addresses of the relays themselves before the shared ones.'),
    perPodStreamhosts: integer(1, 20).default(3).describe('How many relays are advertised at most.'),

    overtakeMs: integer(0).default(2_000).describe('How long an activation waits for halves.'),
    activationTimeoutMs: integer(1).default(4_500).describe('An activation is answered within this.'),
    findHalvesTimeoutMs: integer(1).default(1_000).describe('How long a relay may take to say what it holds.'),
    findHalvesConcurrency: integer(1).default(32).describe('Questions to all relays that may be under way at once.'),

    selfTest: z
      .stringbool()
      .default(true)
      .describe(
        'Send bytes through the advertised addresses now and then; off where they cannot be reached from here.',
      ),
    selfTestIntervalMs: integer(1_000).default(60_000).describe('How often, on average.'),
    selfTestTimeoutMs: integer(100).default(10_000).describe('How long a bytestream of the self-test may take.'),
    selfTestBytes: integer(1, 1 << 24)
      .default(65_536)
      .describe('How many bytes it carries each way.'),

    registryUrl: secret(
      z
        .string()
        .default('redis://localhost:6379')
        .describe('The registry: redis://, rediss://, redis+sentinel://, redis+cluster:// or memory:'),
    ),
    directoryRefreshMs: integer(1).default(1_000).describe('How often the list of relays is read.'),
    directoryMemoryMs: integer(1).default(60_000).describe('How long a relay that left the list can still be asked.'),
    rpcHost: z.string().default('127.0.0.1').describe('Address that gRPC for operators listens on.'),
    rpcPort: port().default(6502).describe('Port of gRPC.'),
    ...peerOptions,
  })
  .refine(({ streamhosts, streamhostMode }) => streamhosts.length > 0 || streamhostMode === 'per-pod', {
    path: ['streamhosts'],
    message: 'there must be one, unless relays are advertised per pod',
  })
  .refine(...encryptedOrNear('control'))

/** Control's options, read and frozen. */
export type ControlConfig = Options<typeof controlOptions>

function isRule(text: string): boolean {
  try {
    createAdmission({ componentDomain: 'proxy.example', allow: [text], deny: [] })
    return true
  } catch {
    return false
  }
}
