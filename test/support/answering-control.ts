import { type ActivateOptions, activateRoute } from '../../services/control/bytestreams/activate.ts'
import type { Activated, Activation } from '../../services/control/bytestreams/activator.ts'
import { type DiscoOptions, discoRoutes } from '../../services/control/bytestreams/disco.ts'
import { addressRoute } from '../../services/control/bytestreams/streamhost.ts'
import { createCommands } from '../../services/control/commands/commands.ts'
import { housekeepingRoutes } from '../../services/control/component/housekeeping.ts'
import { createRouter } from '../../services/control/component/router.ts'
import type { Directory } from '../../services/control/directory.ts'
import { Fleet } from '../../services/control/fleet/fleet.ts'
import type { Jid } from '../../services/shared/bytestream/jid.ts'
import { createAdmission } from '../../services/shared/component/admission.ts'
import type { Admittance } from '../../services/shared/component/iq-budget.ts'
import type { RelayClients } from '../../services/shared/rpc/relay-clients.ts'
import type { Element } from '../../services/shared/xmpp/xml.ts'
import { ManualClock } from './manual-clock.ts'

/** Everything that control answers, by the routes it really has; relays and activations are as the test says. */
export interface AnsweringControl {
  answer(stanza: Element): Promise<Element | undefined>
  /** What no handler should have thrown. */
  readonly faults: unknown[]
}

export interface AnsweringControlParts {
  /** Default: every activation is joined. */
  readonly activate?: (activation: Activation) => Promise<Activated>
  readonly relays?: RelayClients
  /** Default: everybody may ask as much as they like. */
  readonly budget?: { take(sender: Jid): Admittance }
}

const relay = { name: 'r0', rpcAddress: 'r0:6500', load: 0, draining: false, version: '0.1.0' }

/** One relay that is there and drains when told. */
const directory: Directory = {
  alive: () => [relay],
  known: () => [relay],
  find: (name) => (name === relay.name ? relay : undefined),
  missingMs: () => 0,
  noneAlive: () => false,
  stop: async () => {},
}

/** Control as `proxy.ex.com`, which serves `ex.com`; ann@ex.com administers it. Shared addresses: its own, and `alt`. */
export function answeringControl({
  activate,
  relays = relaysThatAnswer(),
  budget,
}: AnsweringControlParts = {}): AnsweringControl {
  const clock = new ManualClock()
  const faults: unknown[] = []
  const componentDomain = 'proxy.ex.com'
  const options: ActivateOptions & DiscoOptions = {
    componentDomain,
    discoName: 'File transfer proxy',
    discoSoftware: false,
    contactAbuse: [],
    contactAdmin: [],
    contactSupport: [],
    streamhosts: [
      { name: '', host: 'relay.ex.com', port: 7777 },
      { name: 'alt', host: '2001:db8::1', port: 443 },
    ],
    streamhostMode: 'shared',
    perPodStreamhosts: 3,
    activationsPerRequester: 16,
  }
  const admits = createAdmission({ componentDomain, allow: [], deny: ['mallory@ex.com'] })
  const activator = { activate: activate ?? (async () => ({ outcome: 'joined' as const, relays: [] })) }
  const quotas = { admit: async () => ({ accounts: [], leave() {} }) }
  const events = { activationAnswered: () => {}, limitReached: () => {}, commandEnded: () => {} }
  const commands = createCommands(
    { fleet: new Fleet({ directory, relays, clock }), selfTest: undefined, events },
    { componentDomain, componentSecret: 'component secret', admins: ['ann@ex.com'] },
  )
  const answer = createRouter(
    {
      routes: [
        ...discoRoutes({ nodes: commands.nodes }, options),
        ...housekeepingRoutes({ clock }),
        addressRoute({ directory, admits }, options),
        activateRoute({ activator, quotas, directory, admits, clock, events }, options),
        commands.route,
      ],
      serves: (resource) => resource === 'alt',
      budget: budget ?? { take: () => 'admitted' },
      events: { iqAnswered: () => {}, floodHeld: () => {}, handlerFailed: (_kind, error) => faults.push(error) },
    },
    { componentDomain },
  )
  return { answer, faults }
}

function relaysThatAnswer(): RelayClients {
  const unused = async () => {
    throw new Error('nobody asked for this')
  }
  return {
    at: () => ({
      activate: unused,
      handoff: unused,
      findHalves: unused,
      describe: unused,
      endBytestream: async () => ({}),
      drain: async () => ({ waiting: 1, bytestreams: 2 }),
      listBytestreams: async () => ({
        bytestreams: [
          {
            id: 'b1',
            digestPrefix: '0123456789ab',
            requester: 'alice@ex.com/phone',
            target: 'bob@ex.org/desk',
            path: 'PATH_LOCAL',
            ageMs: 1_000,
            bytesFromFirst: 1,
            bytesFromSecond: 2,
            peerRelay: '',
          },
        ],
      }),
    }),
    warm() {},
    close() {},
  }
}
