import assert from 'node:assert/strict'
import { type Activated, Activator } from '../../services/control/bytestreams/activator.ts'
import { Permits } from '../../services/control/bytestreams/permits.ts'
import { Activation } from '../../services/relay/activation.ts'
import { Bytestreams } from '../../services/relay/bytestreams.ts'
import { Drain } from '../../services/relay/drain.ts'
import type { HalfConnection } from '../../services/relay/half-connection.ts'
import { handOffThrough } from '../../services/relay/handoff.ts'
import { Pairing } from '../../services/relay/pairing.ts'
import { RatePolicy } from '../../services/relay/rate-policy.ts'
import { relayHandlers } from '../../services/relay/rpc.ts'
import { SocketCount } from '../../services/relay/socket-count.ts'
import { TicketOffice } from '../../services/relay/ticket-office.ts'
import { listenTrunk } from '../../services/relay/trunk.ts'
import type { TrunkTransport, TrunkVisitors } from '../../services/relay/trunk-transport.ts'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { asFailure, Failure } from '../../services/shared/bytestream/failure.ts'
import { type Room, roomKey } from '../../services/shared/bytestream/room.ts'
import { createMemoryRegistry } from '../../services/shared/registry/memory.ts'
import type { Registry } from '../../services/shared/registry/registry.ts'
import type { RelayCalls, RelayHandlers } from '../../services/shared/rpc/relay-api.ts'
import type { RelayClients } from '../../services/shared/rpc/relay-clients.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { Schedule, settled } from './schedule.ts'
import { WireEnd } from './trunk-wire.ts'
import { Wiring } from './wiring.ts'

export type RelayName = 'A' | 'B'
export type ControlName = '1' | '2'

/** A connection of a client to come. */
export interface Client {
  readonly name: string
  readonly relay: RelayName
  readonly room: Room
}

/** Wrong on purpose: what a mutation puts in the place of the real parts. */
export interface Mutation {
  readonly registry?: (registry: Registry) => Registry
  readonly clients?: (clients: RelayClients) => RelayClients
  readonly transport?: (transport: TrunkTransport) => TrunkTransport
}

/** What may go wrong, once each. */
export type Fault = 'crash A' | 'crash B' | 'crash 1' | 'crash 2' | 'lose registry'

export interface Case {
  readonly clients: readonly Client[]
  readonly faults: readonly Fault[]
  readonly mutation?: Mutation
}

const digest = digestAsTyped('model', 'r@ex.com/R', 't@ex.org/T')
/** The room of the component's own address, and that of another one of the same offer. */
export const rooms = { own: { digest, streamhost: '' }, alt: { digest, streamhost: 'alt' } } as const
const activationTerms = { overtakeMs: 0, activationTimeoutMs: 60, findHalvesTimeoutMs: 60 }
const relayNames = ['A', 'B'] as const
const controlNames = ['1', '2'] as const
const controlMention = /^[12](?=[:→])|(?<=^crash )[12]$/

interface Relay {
  readonly pairing: Pairing
  readonly bytestreams: Bytestreams
  readonly handlers: RelayHandlers
  readonly visitors: TrunkVisitors | undefined
  readonly halves: Map<string, HalfConnection>
}

/**
 * Two relays, two controls, a registry and clients: the real classes, joined by a schedule in the place of networks.
 * States: whatever the schedule lets happen; `stop` gives nothing back, since nothing is opened.
 */
export class System {
  readonly schedule = new Schedule()
  readonly wiring = new Wiring()
  /** What each control answered: the outcome, or the code of the failure. */
  readonly answers = new Map<string, string>()
  /** Who has its success reply, in the order in which they got it. */
  readonly accepted: string[] = []
  readonly refused: string[] = []
  readonly happened: string[] = []
  readonly #clock = new ManualClock()
  readonly #registry: Registry
  readonly #relays = new Map<RelayName, Relay>()
  readonly #controls = new Map<ControlName, Activator>()
  readonly #underWay = new Map<string, { readonly at: RelayName; readonly reject: (error: Failure) => void }>()
  readonly #trunks: WireEnd[] = []
  readonly #dead = new Set<string>()
  readonly #faults: Set<Fault>
  readonly #case: Case
  /** What each control has been told: its state follows from it. */
  readonly #told = new Map<string, string[]>()
  /** Which client a half is, by the half's random name. */
  readonly #clientOf = new Map<string, string>()
  /** All that the registry was told, so that another can be told the same and be asked without harm. */
  readonly #registered: ((registry: Registry) => Promise<unknown>)[] = []
  #connecting = ''
  #calls = 0

  private constructor(given: Case) {
    this.#case = given
    this.#faults = new Set(given.faults)
    this.#registry = this.#emptyRegistry()
  }

  /** A system in which everything is ready, no client has come and both controls are about to activate. */
  static async start(given: Case): Promise<System> {
    const system = new System(given)
    for (const name of relayNames) await system.#startRelay(name)
    for (const name of controlNames) system.#startControl(name)
    // A relay that has two halves here refuses a third by itself: whoever is third at one comes at any time.
    const [first, second, ...others] = given.clients
    for (const client of [first, second]) if (client) system.#connect(client)
    for (const client of others) system.schedule.put(`connect ${client.name}`, () => system.#connect(client))
    for (const name of controlNames) system.#activate(name)
    await settled()
    return system
  }

  /** What may happen next. Time passes only when nothing else can. */
  get next(): string[] {
    const messages = this.schedule.labels
    if (messages.length > 0) return [...messages, ...this.#faults]
    return this.#unanswered() ? ['time'] : []
  }

  async happen(label: string): Promise<void> {
    this.happened.push(label)
    if (label === 'time') {
      this.#clock.advance(50)
      await settled()
    } else if (this.#faults.has(label as Fault)) {
      this.#faults.delete(label as Fault)
      await this.#fail(label as Fault)
    } else {
      await this.schedule.happen(label)
    }
    this.#assertSafe()
  }

  /**
   * Everything on which the rest depends, as one text. The two controls are alike: states that differ in nothing but which
   * of them is which are one.
   */
  async state(): Promise<string> {
    const relays = relayNames.map((name) => {
      const relay = this.#relays.get(name)
      if (!relay) return 'dead'
      const halves = relay.pairing.halves().map(({ id, state }) => `${this.#clientOf.get(id)}:${state}`)
      const activated = Object.values(rooms).map((room) => relay.bytestreams.activated(room))
      return [halves, relay.bytestreams.live().map(({ facts }) => facts.path + facts.room.streamhost), activated].join(
        ';',
      )
    })
    const facts = [
      ...this.schedule.labels,
      ...controlNames.map((name) => `${name}: ${this.#told.get(name)?.join()} ${this.answers.get(name)}`),
      ...[...this.#underWay.keys()].map((call) => call.replace(/ \d+$/, '')),
      ...[...this.#faults],
      ...[...this.wiring.wires].map((wire) => wire.join()),
      ...this.#trunks.map(({ name, destroyed }) => `${name} ${destroyed}`),
      ...this.refused,
      `${this.accepted} ${this.#clock.now()} ${relays.join('|')}`,
      ...(await this.#registryState()),
    ]
    const swapped = facts.map((fact) => fact.replace(controlMention, (name) => (name === '1' ? '2' : '1')))
    return [facts, swapped].map((each) => each.sort().join('\n')).sort()[0] ?? ''
  }

  /** What must be true when nothing is under way any more. */
  assertSettled(): void {
    const pairs = this.wiring.pairs()
    const noFault = this.happened.every((label) => !this.#case.faults.includes(label as Fault))
    for (const [control, answer] of this.answers) {
      if (!noFault || (answer !== 'joined' && answer !== 'repeated')) continue
      assert.ok(pairs.length > 0, `control ${control} answered ${answer}, and no two clients hear one another`)
    }
    if (noFault) assert.ok(this.wiring.wires.length !== 1 || pairs.length === 1, 'a half is joined with nobody')
    for (const [control] of this.#controls) assert.ok(this.answers.has(control), `control ${control} never answered`)
  }

  /** From here on nothing fails: in bounded time the room is joined, or two newcomers can have it. */
  async assertComesFree(): Promise<void> {
    this.#faults.clear()
    for (let round = 0; round < 16; round++) {
      for (const { pairing, bytestreams } of this.#relays.values()) {
        void pairing.renew()
        void bytestreams.renew()
      }
      await this.#run()
      this.#clock.advance(15_000)
      await settled()
      await this.#run()
    }
    if ([...this.#relays.values()].some(({ bytestreams }) => bytestreams.size > 0)) return
    const [control] = this.#controls.keys()
    const [relay, other = relay] = this.#relays.keys()
    assert.ok(control && relay && other)
    const newcomers = [
      { name: 'n1', relay, room: rooms.own },
      { name: 'n2', relay: other, room: rooms.own },
    ]
    for (const newcomer of newcomers) {
      this.#connect(newcomer)
      await this.#run()
    }
    assert.ok(this.accepted.includes('n1') && this.accepted.includes('n2'), 'newcomers are refused')
    this.answers.delete(control)
    this.#activate(control)
    await this.#run()
    assert.equal(this.answers.get(control), 'joined', 'the room of newcomers cannot be activated')
    assert.ok(this.wiring.pairs().includes('n1+n2'), 'newcomers are told that they are joined and are not')
  }

  /** Lets everything happen that is under way, one after the other. */
  async #run(): Promise<void> {
    for (let steps = 0; this.next.length > 0; steps++) {
      assert.ok(steps < 500, 'it never comes to rest')
      await this.happen(this.next[0] ?? 'time')
    }
  }

  #assertSafe(): void {
    const ends = this.wiring.ends()
    assert.equal(new Set(ends).size, ends.length, `a half is joined twice: ${ends.join(' ')}`)
    const clients = new Map(this.#case.clients.map((client) => [client.name, client]))
    for (const pair of this.wiring.pairs()) {
      const [a = '', b = ''] = pair.split('+')
      assert.notEqual(a, b, 'a half is joined with itself')
      const [first, second] = [clients.get(a), clients.get(b)]
      assert.ok(!first || !second || roomKey(first.room) === roomKey(second.room), `a wrong pair: ${pair}`)
    }
    const lost = this.happened.some((label) => this.#case.faults.includes(label as Fault))
    const inOwnRoom = this.accepted.filter((name) => clients.get(name)?.room === rooms.own)
    assert.ok(lost || inOwnRoom.length <= 2, `three halves are accepted: ${inOwnRoom.join(' ')}`)
  }

  #unanswered(): boolean {
    return [...this.#controls.keys()].some((name) => this.#told.has(name) && !this.answers.has(name))
  }

  async #startRelay(name: RelayName): Promise<void> {
    const registry = this.#registryOf(name)
    const engine = this.wiring.engine()
    const clock = this.#clock
    const events = {
      halfEnded: () => {},
      registryFailed: () => {},
      bytestreamStarted: () => {},
      bytestreamEnded: () => {},
      handoffEnded: () => {},
      trunkRefused: () => {},
      drainStarted: () => {},
      drainEnded: () => {},
    }
    const rates = new RatePolicy({ streamRateBytes: 0, requesterRateBytes: 0, podRateBytes: 0 })
    const limits = { idleTimeoutMs: 1e9, stallTimeoutMs: 1e9, lifetimeMs: 0, maxBytestreams: 10, maxBytestreamBytes: 0 }
    const bytestreams = new Bytestreams(
      { engine, rates, registry, clock, events, accounting: { open: () => {} } },
      limits,
    )
    const pairing = new Pairing(
      { registry, clock, events, activated: (room) => bytestreams.activated(room) },
      { pod: name, activationTimeoutMs: 120_000, finishedTimeoutMs: 10_000 },
    )
    const tickets = new TicketOffice({ clock }, { ticketTimeoutMs: 10_000 })
    const plain = this.#transportOf(name)
    const transport = this.#case.mutation?.transport?.(plain.transport) ?? plain.transport
    const config = { pod: name, handoffTimeoutMs: 600_000 }
    const handOff = handOffThrough({ clients: this.#clientsOf(name), transport }, config)
    const activation = new Activation({ pairing, bytestreams, engine, events, handOff }, config)
    await listenTrunk(
      { transport, engine, tickets, pairing, bytestreams, events },
      { ...config, trunkHost: '', trunkPort: 0 },
    )
    const drain = new Drain({ pairing, bytestreams, events }, { drainDelayMs: 0, drainTimeoutMs: 1, drainSpreadMs: 0 })
    const sockets = new SocketCount(100, () => 0)
    const handlers = relayHandlers({
      pairing,
      bytestreams,
      activation,
      tickets,
      drain,
      sockets,
      clock,
      engine,
      trunkAddress: name,
    })
    this.#relays.set(name, { pairing, bytestreams, handlers, visitors: plain.visitors(), halves: new Map() })
  }

  #startControl(name: ControlName): void {
    const records = relayNames.map((relay) => ({
      name: relay,
      rpcAddress: relay,
      load: 0,
      draining: false,
      version: '1',
    }))
    const directory = {
      alive: () => records,
      known: () => records,
      find: (relay: string) => records.find((record) => record.name === relay),
      missingMs: () => 0,
      noneAlive: () => false,
      stop: async () => {},
    }
    const clock = this.#clock
    const relays = this.#clientsOf(name)
    const parts = {
      registry: this.#registryOf(name),
      relays: this.#case.mutation?.clients?.(relays) ?? relays,
      directory,
      permits: new Permits({ clock }, 10),
      clock,
      events: { settlementFailed: () => {} },
    }
    this.#controls.set(name, new Activator(parts, activationTerms))
  }

  #connect({ name, relay: at, room }: Client): void {
    const relay = this.#relays.get(at)
    if (!relay) return void this.refused.push(name)
    const socket = new WireEnd(name)
    this.#connecting = name
    relay.pairing
      .add(room, '192.0.2.1')
      .then((half) => {
        if (this.#dead.has(at)) return
        relay.halves.set(name, half)
        const watch = { finished: () => relay.pairing.finish(half), gone: () => {} }
        relay.pairing.wait(
          half,
          this.wiring.engine().hold(socket, { prefix: Buffer.alloc(0), room: roomKey(room) }, watch),
        )
        this.accepted.push(name)
      })
      .catch(() => this.refused.push(name))
  }

  #activate(name: ControlName): void {
    const activator = this.#controls.get(name)
    if (!activator) return
    this.#told.set(name, [])
    const others = this.#case.clients.some(({ room }) => room === rooms.alt) ? [rooms.alt] : []
    const activation = {
      rooms: [rooms.own, ...others] as const,
      requester: 'r@ex.com/R',
      target: 't@ex.org/T',
    } as const
    const answer = (text: string) => this.#dead.has(name) || this.answers.set(name, text)
    activator.activate(activation).then(
      ({ outcome }: Activated) => answer(outcome),
      (error: unknown) => answer(asFailure(error, 'Cannot activate').code),
    )
  }

  /** The registry as one process sees it: each call is on its way until it happens. */
  #registryOf(owner: string): Registry {
    const call = <T>(operation: string, run: (registry: Registry) => Promise<T>): Promise<T> => {
      if (this.#dead.has(owner)) return new Promise(() => {})
      return new Promise((resolve, reject) => {
        this.schedule.put(`${owner}: ${operation}`, () => {
          this.#registered.push(run)
          run(this.#registry).then(
            (answer) => {
              this.#told.get(owner)?.push(`${operation} ${JSON.stringify(answer, this.#named)}`)
              if (!this.#dead.has(owner)) resolve(answer)
            },
            (error) => !this.#dead.has(owner) && reject(error),
          )
        })
      })
    }
    const at = ({ streamhost }: Room) => streamhost || 'own'
    const who = (id: string) => this.#clientOf.get(id)
    return {
      ...{ reachable: true, onReturn: () => () => {}, close: async () => {}, accounts: this.#registry.accounts },
      claim: (room, half) => {
        this.#clientOf.set(half.id, this.#connecting)
        return call(`claim ${at(room)} ${who(half.id)}`, (registry) => registry.claim(room, half))
      },
      renew: (room, half) => call(`renew ${at(room)} ${who(half.id)}`, (registry) => registry.renew(room, half)),
      release: (room, id) => call(`release ${at(room)} ${who(id)}`, (registry) => registry.release(room, id)),
      claimActivation: (room) =>
        call(`claim activation ${at(room)}`, (registry) => registry.claimActivation(room, owner)),
      settleActivation: (room, _claimant, joined) =>
        call(`settle ${at(room)} ${joined}`, (registry) => registry.settleActivation(room, owner, joined)),
      bury: (room) => call(`bury ${at(room)}`, (registry) => registry.bury(room)),
      announce: (relay) => this.#registry.announce(relay),
      withdraw: (relay) => this.#registry.withdraw(relay),
      relays: () => this.#registry.relays(),
    }
  }

  /** Random names replaced by those of clients, so that equal states look equal. */
  readonly #named = (key: string, value: unknown): unknown => (key === 'id' ? this.#clientOf.get(String(value)) : value)

  #emptyRegistry(): Registry {
    const memory = createMemoryRegistry({ clock: this.#clock })
    return this.#case.mutation?.registry?.(memory) ?? memory
  }

  /** What the registry holds, by asking another that was told the same: asking changes it. */
  async #registryState(): Promise<string[]> {
    const twin = this.#emptyRegistry()
    for (const run of this.#registered) await run(twin).catch(() => {})
    const state: string[] = []
    for (const [at, room] of Object.entries(rooms)) {
      for (const holder of ['nobody', ...controlNames]) {
        const claim = await twin.claimActivation(room, holder)
        if (claim.state === 'activating') continue
        const halves = 'halves' in claim ? claim.halves : []
        const probe = { id: 'probe', relay: 'A', replaceable: false }
        const free = halves.length === 1 ? await twin.claim(room, probe) : undefined
        state.push(`${holder}: registry ${at} ${claim.state} ${JSON.stringify(halves, this.#named)} ${free?.slot}`)
        break
      }
    }
    await twin.close()
    return state
  }

  /** The calls of relays as one process makes them. */
  #clientsOf(owner: string): RelayClients {
    return { at: (address) => this.#callsOf(owner, address as RelayName), warm() {}, close() {} }
  }

  #callsOf(owner: string, at: RelayName): RelayCalls {
    const call = <N extends keyof RelayHandlers>(method: N) =>
      ((request: Parameters<RelayHandlers[N]>[0]) =>
        new Promise<unknown>((resolve, reject) => {
          if (this.#dead.has(owner)) return
          const unavailable = new Failure('unavailable', `${at} is gone`)
          this.schedule.put(`${owner}→${at}: ${method}`, () => {
            const relay = this.#relays.get(at)
            if (!relay) return reject(unavailable)
            const key = `${owner}→${at}: ${method} ${this.#calls++}`
            this.#underWay.set(key, { at, reject })
            const handler = relay.handlers[method] as (asked: typeof request) => Promise<unknown>
            handler(request)
              .then(
                (answer) => {
                  this.#told.get(owner)?.push(`${method} ${JSON.stringify(answer, this.#answered)}`)
                  if (!this.#dead.has(owner) && !this.#dead.has(at)) resolve(answer)
                },
                (error) => {
                  this.#told.get(owner)?.push(`${method} ${asFailure(error, '').code}`)
                  if (!this.#dead.has(owner)) reject(error)
                },
              )
              .finally(() => this.#underWay.delete(key))
          })
        })) as unknown as RelayCalls[N]
    return {
      activate: call('activate'),
      handoff: call('handoff'),
      findHalves: call('findHalves'),
      listBytestreams: call('listBytestreams'),
      endBytestream: call('endBytestream'),
      drain: call('drain'),
      describe: call('describe'),
    }
  }

  readonly #answered = (key: string, value: unknown): unknown =>
    key === 'bytestream' || key === 'waitedMs' ? '' : this.#named(key, value)

  /** Trunks between relays, each write on its way until it happens. */
  #transportOf(owner: RelayName): { transport: TrunkTransport; visitors: () => TrunkVisitors | undefined } {
    let visitors: TrunkVisitors | undefined
    return {
      visitors: () => visitors,
      transport: {
        dial: async (address) => {
          if (!this.#relays.has(address as RelayName)) throw new Failure('unavailable', `${address} is gone`)
          const name = `trunk ${owner}${address}${this.#trunks.length / 2}`
          const at = address as RelayName
          const near: WireEnd = new WireEnd(`${name}<`, (chunk) =>
            this.schedule.put(`${name} → ${chunk.length}`, () => void (far.destroyed || far.push(chunk))),
          )
          const far: WireEnd = new WireEnd(`${name}>`, (chunk) =>
            this.schedule.put(`${name} ← ${chunk.length}`, () => void (near.destroyed || near.push(chunk))),
          )
          near.join(far)
          this.#trunks.push(near, far)
          this.#relays.get(at)?.visitors?.connection(far, owner)
          return near
        },
        async listen(_at, on) {
          visitors = on
          return { address: { address: '', family: 'IPv4', port: 0 }, stop() {} }
        },
      },
    }
  }

  async #fail(fault: Fault): Promise<void> {
    if (fault === 'lose registry') {
      this.#registered.push((registry) => registry.close())
      await this.#registry.close()
      return
    }
    const name = fault.slice('crash '.length)
    this.#dead.add(name)
    this.#faults.delete(`crash ${name}` as Fault)
    // One crash in all.
    for (const other of this.#case.faults) if (other.startsWith('crash')) this.#faults.delete(other)
    this.#controls.delete(name as ControlName)
    this.#relays.delete(name as RelayName)
    for (const [key, { at, reject }] of this.#underWay) {
      if (at === name) reject(new Failure('unavailable', `${at} has crashed`))
      if (at === name || key.startsWith(name)) this.#underWay.delete(key)
    }
    for (const end of this.#trunks) {
      const [from, to] = end.name.slice('trunk '.length)
      if (from === name || to === name) {
        this.schedule.drop((label) => label.startsWith(end.name.slice(0, -1)))
        end.destroy()
      }
    }
    await settled()
  }
}
