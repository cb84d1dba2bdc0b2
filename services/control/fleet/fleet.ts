import { asFailure, Failure } from '../../shared/bytestream/failure.ts'
import { formatHostPort } from '../../shared/bytestream/host.ts'
import type { RelayRecord } from '../../shared/registry/registry.ts'
import type { Bytestream__Output as Bytestream } from '../../shared/rpc/generated/splice65/control/v1/Bytestream.ts'
import type { Relay__Output as FleetRelay } from '../../shared/rpc/generated/splice65/control/v1/Relay.ts'
import type { Unanswered__Output as Unanswered } from '../../shared/rpc/generated/splice65/control/v1/Unanswered.ts'
import type { RelayCalls } from '../../shared/rpc/relay-api.ts'
import type { RelayClients } from '../../shared/rpc/relay-clients.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { Permits } from '../bytestreams/permits.ts'
import type { Directory } from '../directory.ts'
import { type FleetStatistics, statisticsOf } from './statistics.ts'

export type { Bytestream, FleetRelay, FleetStatistics, Unanswered }

/** What the fleet works with. */
export interface FleetParts {
  readonly directory: Directory
  readonly relays: RelayClients
  readonly clock: Clock
}

export interface FleetOptions {
  /** How long one relay may take to answer; a question to all takes twice that at most. */
  readonly timeoutMs: number
  /** How many relays are asked at once. */
  readonly concurrency: number
}

/**
 * All relays as an operator sees them. A relay that does not answer never hides the others: it is named, with the
 * reason.
 */
export class Fleet {
  readonly #directory: Directory
  readonly #clients: RelayClients
  readonly #permits: Permits
  readonly #timeoutMs: number

  constructor(
    { directory, relays, clock }: FleetParts,
    { timeoutMs, concurrency }: FleetOptions = { timeoutMs: 2_000, concurrency: 32 },
  ) {
    this.#directory = directory
    this.#clients = relays
    this.#permits = new Permits({ clock }, concurrency)
    this.#timeoutMs = timeoutMs
  }

  /** Every known relay by name, with what it says of itself now. */
  async relays(): Promise<FleetRelay[]> {
    const asked = await this.#askAll(this.#known(), (calls, options) => calls.describe({}, options))
    return asked.map(({ relay, answer, fault }) => ({
      name: relay.name,
      rpcAddress: relay.rpcAddress,
      version: answer?.version ?? relay.version,
      draining: answer?.draining ?? relay.draining,
      publicAddress: relay.streamhost ? formatHostPort(relay.streamhost.host, relay.streamhost.port) : '',
      load: relay.load,
      missingMs: this.#directory.missingMs(relay.name),
      status: answer ?? null,
      fault,
    }))
  }

  /** The live bytestreams by relay, oldest first on each, of all relays or of one. Throws `not-found` for a relay that nobody knows. */
  async bytestreams(relayName = ''): Promise<{ bytestreams: Bytestream[]; unanswered: Unanswered[] }> {
    const relays = relayName === '' ? this.#known() : [this.#find(relayName)]
    const asked = await this.#askAll(relays, (calls, options) => calls.listBytestreams({}, options))
    return {
      bytestreams: asked.flatMap(({ relay, answer }) =>
        (answer?.bytestreams ?? []).map((bytestream) => ({ ...bytestream, relay: relay.name })),
      ),
      unanswered: asked.flatMap(({ relay, answer, fault }) => (answer ? [] : [{ relay: relay.name, fault }])),
    }
  }

  /** Ends a bytestream on the relay that owns it. Throws `not-found` for a relay or bytestream that nobody knows. */
  async end(relayName: string, id: string): Promise<void> {
    const { rpcAddress } = this.#find(relayName)
    await this.#clients.at(rpcAddress).endBytestream({ id }, { timeoutMs: this.#timeoutMs })
  }

  /** Starts or stops draining a relay, and tells what is left on it. Throws `not-found` for a relay that nobody knows. */
  async drain(relayName: string, draining: boolean): Promise<{ waiting: number; bytestreams: number }> {
    const { rpcAddress } = this.#find(relayName)
    return this.#clients.at(rpcAddress).drain({ draining }, { timeoutMs: this.#timeoutMs })
  }

  /** Sums over all relays. */
  async statistics(): Promise<FleetStatistics> {
    return statisticsOf(await this.relays())
  }

  #known(): RelayRecord[] {
    return this.#directory.known().sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #find(name: string): RelayRecord {
    const relay = this.#directory.find(name)
    if (relay) return relay
    const known = this.#known().map((each) => each.name)
    throw new Failure('not-found', `No relay is called ${name}; known are: ${known.join(', ') || 'none'}`)
  }

  #askAll<A>(relays: readonly RelayRecord[], question: Question<A>): Promise<Asked<A>[]> {
    const options = { timeoutMs: this.#timeoutMs }
    return Promise.all(
      relays.map(async (relay) => {
        try {
          const ask = () => question(this.#clients.at(relay.rpcAddress), options)
          const answer = await this.#permits.run(ask, options)
          return { relay, answer, fault: answer === undefined ? 'too many relays to ask it in time' : '' }
        } catch (error) {
          return { relay, answer: undefined, fault: asFailure(error, 'Cannot ask').message }
        }
      }),
    )
  }
}

type Question<A> = (calls: RelayCalls, options: { readonly timeoutMs: number }) => Promise<A>

interface Asked<A> {
  readonly relay: RelayRecord
  /** Undefined when it did not answer. */
  readonly answer: A | undefined
  /** Why not; empty when it did. */
  readonly fault: string
}
