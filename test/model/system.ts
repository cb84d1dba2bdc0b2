import assert from 'node:assert/strict'
import { type Activated, Activator } from '../../services/control/bytestreams/activator.ts'
import { Permits } from '../../services/control/bytestreams/permits.ts'
import { Activation } from '../../services/relay/activation.ts'
import { Bytestreams } from '../../services/relay/bytestreams.ts'
import { Drain } from '../../services/relay/drain.ts'
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
import { ModelRegistry } from './model-registry.ts'
import { Schedule, settled, type Touches } from './schedule.ts'
import { WireEnd } from './trunk-wire.ts'
import { Wiring } from './wiring.ts'

export type RelayName = 'A' | 'B'
export type ControlName = '1' | '2'

/** The room of the component's own address, and that of another one of the same offer. */
export type RoomName = 'own' | 'alt'

/** A connection of a client to come. */
export interface Client {
  readonly name: string
  readonly relay: RelayName
  readonly room: RoomName
}

/** Wrong on purpose: what a mutation puts in the place of the real parts. */
export interface Mutation {
  readonly registry?: (registry: Registry) => Registry
  readonly clients?: (clients: RelayClients) => RelayClients
  readonly transport?: (transport: TrunkTransport) => TrunkTransport
}

/**
 * What may go wrong at any time: one process crashes, and one of two things happens to the registry. `flush` takes what
 * it holds, and nobody hears of it. `stop` takes that too, and then it answers nobody; given `start`, it may be back at
 * any time.
 */
export type Fault = `crash ${RelayName | ControlName}` | 'flush registry' | 'stop registry' | 'start registry'

export interface Case {
  readonly clients: readonly Client[]
  readonly faults: readonly Fault[]
  readonly mutation?: Mutation
}

const digest = digestAsTyped('model', 'r@ex.com/R', 't@ex.org/T')
const rooms: Record<RoomName, Room> = { own: { digest, streamhost: '' }, alt: { digest, streamhost: 'alt' } }
const activationTerms = { overtakeMs: 0, activationTimeoutMs: 60, findHalvesTimeoutMs: 60 }
const relayNames = ['A', 'B'] as const
const controlNames = ['1', '2'] as const
const controlMention = /^[12](?=[:→])|(?<=^crash )[12]$/
const clientMention = /\b(?:alice|bob)\b/g

/** What a system has come to, where only that counts on which the rest depends. */
export interface State {
  readonly text: string
  /** What a label is called in the text: one of two parts that are alike may stand there for the other. */
  readonly rename: (label: string) => string
}

/** A call that its callee has not answered yet. */
interface Call {
  readonly owner: string
  readonly at: RelayName
  readonly method: string
  readonly fail: (error: Failure) => void
}

/** Of what one relay dials at another, both ends. */
interface Trunk {
  readonly name: string
  readonly owner: RelayName
  readonly at: RelayName
  readonly ends: readonly WireEnd[]
}

interface Relay {
  readonly pairing: Pairing
  readonly bytestreams: Bytestreams
  readonly handlers: RelayHandlers
  readonly visitors: TrunkVisitors | undefined
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
  readonly #registry: ModelRegistry
  readonly #relays = new Map<RelayName, Relay>()
  readonly #controls = new Map<ControlName, Activator>()
  readonly #underWay = new Set<Call>()
  readonly #trunks: Trunk[] = []
  /** The relay's end of every client's connection. */
  readonly #sockets = new Map<string, WireEnd>()
  readonly #dead = new Set<string>()
  /** What may still go wrong, or right again. */
  readonly #faults: Set<Fault>
  readonly #case: Case
  /** What each control has been told: its state follows from it. */
  readonly #told = new Map<string, string[]>()
  /** Which client a half is, by the half's random name. */
  readonly #clientOf = new Map<string, string>()
  #connecting = ''

  private constructor(given: Case) {
    this.#case = given
    this.#faults = new Set(given.faults.filter((fault) => fault !== 'start registry'))
    this.#registry = new ModelRegistry(() => {
      const memory = createMemoryRegistry({ clock: this.#clock })
      return given.mutation?.registry?.(memory) ?? memory
    })
  }

  /** A system in which everything is ready, no client has come and both controls are about to activate. */
  static async start(given: Case): Promise<System> {
    const system = new System(given)
    for (const name of relayNames) await system.#startRelay(name)
    for (const name of controlNames) system.#startControl(name)
    // A relay that has two halves here refuses a third by itself: whoever is third at one comes at any time.
    const [first, second, ...others] = given.clients
    for (const client of [first, second]) if (client) system.#connect(client)
    for (const client of others) {
      system.schedule.put(`connect ${client.name}`, { [client.relay]: 'reads' }, () => system.#connect(client))
    }
    for (const name of controlNames) system.#activate(name)
    await settled()
    return system
  }

  /** What may happen next. Time passes only when no message is under way: messages take none. */
  get next(): string[] {
    return [...this.#inTurn, ...this.#faults]
  }

  /** True when nothing will happen any more, unless something goes wrong. */
  get atRest(): boolean {
    return this.#inTurn.length === 0
  }

  get #inTurn(): string[] {
    const messages = this.schedule.labels
    if (messages.length > 0) return messages
    return this.#unanswered() ? ['time'] : []
  }

  /**
   * Whether two things that may happen now lead to the same in either order: neither changes a part that the other reads or
   * changes. The time that passes changes every part.
   */
  independent(one: string, other: string): boolean {
    if (one === 'time' || other === 'time') return false
    const [first, second] = [this.#touches(one), this.#touches(other)]
    return Object.entries(first).every(([part, how]) =>
      how === 'reads' ? second[part] !== 'changes' : !(part in second),
    )
  }

  #touches(label: string): Touches {
    const touches = { ...(isFault(label) ? this.#touchedBy(label) : this.schedule.touches(label)) }
    // Whoever waits for an answer of a part that changes may get it at once; nobody waits for who waits himself.
    for (const { at, owner } of this.#underWay) if (touches[at] === 'changes') touches[owner] = 'changes'
    for (const { at, owner } of this.#underWay) if (touches[at] === 'changes') touches[owner] = 'changes'
    return touches
  }

  #touchedBy(fault: Fault): Touches {
    if (fault === 'flush registry' || fault === 'stop registry') return { registry: 'changes' }
    // Relays tell it what they hold.
    if (fault === 'start registry') return { registry: 'changes', A: 'reads', B: 'reads' }
    const crashed = fault.slice('crash '.length)
    const touches: Record<string, 'changes'> = { crash: 'changes', [crashed]: 'changes' }
    for (const { owner, at } of this.#trunks) {
      if (owner === crashed || at === crashed) Object.assign(touches, { [owner]: 'changes', [at]: 'changes' })
    }
    return touches
  }

  async happen(label: string): Promise<void> {
    this.happened.push(label)
    if (label === 'time') {
      this.#clock.advance(50)
      await settled()
    } else if (isFault(label)) {
      await this.#fail(label)
    } else {
      await this.schedule.happen(label)
    }
    this.#assertSafe()
  }

  /**
   * All on which the rest depends, as one text. Who is alike may change places: the two controls, and two clients that
   * dialled the same relay and room. States that differ in nothing else are one.
   */
  async state(): Promise<State> {
    const facts = await this.#facts()
    const [alice, bob] = this.#case.clients
    const alike = alice?.relay === bob?.relay && alice?.room === bob?.room
    const renamings = [asItIs, swapControls]
    if (alike) renamings.push(swapClients, (fact) => swapClients(swapControls(fact)))
    const named = renamings.map((rename) => ({ rename, text: facts.map(rename).sort().join('\n') }))
    return named.reduce((least, other) => (other.text < least.text ? other : least))
  }

  async #facts(): Promise<string[]> {
    const relays = relayNames.map((name) => {
      const relay = this.#relays.get(name)
      if (!relay) return 'dead'
      const halves = relay.pairing
        .halves()
        .map(({ id, state, arrivedAt }) => `${this.#clientOf.get(id)}:${state}@${arrivedAt}`)
      const activated = Object.values(rooms).map((room) => relay.bytestreams.activated(room))
      const live = relay.bytestreams.live().map(({ facts }) => facts.path + facts.room.streamhost)
      return [halves, live, activated].join(';')
    })
    return [
      ...this.schedule.facts,
      ...controlNames.map((name) => `${name}: ${this.#controlState(name)}`),
      ...[...this.#underWay].map(({ owner, at, method }) => `${owner}→${at}: ${method} under way`),
      ...this.#faults,
      ...this.wiring.wires.map((wire) => wire.join()),
      ...[...this.#sockets].map(([name, { destroyed }]) => `${name} ${destroyed}`),
      ...this.#trunks.flatMap(({ ends }) => ends.map(({ name, destroyed }) => `${name} ${destroyed}`)),
      ...this.refused,
      `${this.accepted} ${this.#clock.now()} ${relays.join('|')}`,
      ...(await this.#registry.state(rooms, controlNames, this.#named)),
    ]
  }

  /**
   * Nothing depends any more on what a control was told when it has answered, nor on which of the relays that it asked at
   * once was the first to say.
   */
  #controlState(name: ControlName): string {
    if (!this.#controls.has(name)) return 'dead'
    return this.answers.get(name) ?? `told ${inAnyOrder(this.#told.get(name) ?? [], /: findHalves /)}`
  }

  /** What must be true when nothing is under way any more. */
  assertSettled(): void {
    const pairs = this.wiring.pairs()
    const relaysLive = relayNames.every((name) => this.#relays.has(name))
    for (const [control, answer] of this.answers) {
      if (!relaysLive || (answer !== 'joined' && answer !== 'repeated')) continue
      assert.ok(pairs.length > 0, `control ${control} answered ${answer}, and no two clients hear one another`)
    }
    if (relaysLive) assert.ok(this.wiring.wires.length !== 1 || pairs.length === 1, 'a half is joined with nobody')
    for (const [control] of this.#controls) assert.ok(this.answers.has(control), `control ${control} never answered`)
  }

  /** From here on nothing fails: in bounded time the room is joined, or two newcomers can have it. */
  async assertComesFree(): Promise<void> {
    this.#faults.clear()
    this.#registry.start()
    for (let round = 0; round < 16; round++) {
      this.#renew()
      await this.#run()
      this.#clock.advance(15_000)
      await settled()
      await this.#run()
    }
    if ([...this.#relays.values()].some(({ bytestreams }) => bytestreams.size > 0)) return
    const [control] = this.#controls.keys()
    const [relay, other = relay] = this.#relays.keys()
    assert.ok(control && relay && other)
    const newcomers: Client[] = [
      { name: 'n1', relay, room: 'own' },
      { name: 'n2', relay: other, room: 'own' },
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
      assert.ok(!first || !second || first.room === second.room, `a wrong pair: ${pair}`)
    }
    const lost = this.happened.some((label) => label.endsWith(' registry'))
    const isThere = (name: string) => this.#sockets.get(name)?.destroyed === false
    const inOwnRoom = this.accepted.filter((name) => clients.get(name)?.room === 'own' && isThere(name))
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
    const handOff = handOffThrough({ clients: this.#clientsOf(name), transport, engine }, config)
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
    this.#relays.set(name, { pairing, bytestreams, handlers, visitors: plain.visitors() })
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
    this.#sockets.set(name, socket)
    this.#connecting = name
    relay.pairing
      .add(rooms[room], '192.0.2.1')
      .then((half) => {
        if (this.#dead.has(at)) return
        const watch = { finished: () => relay.pairing.finish(half), gone: () => {} }
        relay.pairing.wait(
          half,
          this.wiring.engine().hold(socket, { prefix: Buffer.alloc(0), room: roomKey(rooms[room]) }, watch),
        )
        this.accepted.push(name)
      })
      .catch(() => this.refused.push(name))
  }

  #activate(name: ControlName): void {
    const activator = this.#controls.get(name)
    if (!activator) return
    this.#told.set(name, [])
    const others = this.#case.clients.some(({ room }) => room === 'alt') ? [rooms.alt] : []
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
  #registryOf(owner: RelayName | ControlName): Registry {
    const call = <T>(operation: string, run: (registry: Registry) => Promise<T>, heeds = true): Promise<T> => {
      if (this.#dead.has(owner)) return new Promise(() => {})
      return new Promise((resolve, reject) => {
        this.schedule.put(
          `${owner}: ${operation}`,
          { registry: 'changes', ...(heeds && { [owner]: 'changes' }) },
          () => {
            this.#registry.call(run).then(
              (answer) => {
                this.#told.get(owner)?.push(`${operation} ${JSON.stringify(answer, this.#named)}`)
                if (!this.#dead.has(owner)) resolve(answer)
              },
              (error) => {
                this.#told.get(owner)?.push(`${operation} ${asFailure(error, '').code}`)
                if (!this.#dead.has(owner)) reject(error)
              },
            )
          },
        )
      })
    }
    const at = ({ streamhost }: Room) => streamhost || 'own'
    const who = (id: string) => this.#clientOf.get(id)
    const unheeded = <T>(operation: string, run: (registry: Registry) => Promise<T>) => call(operation, run, false)
    return {
      ...{
        reachable: true,
        onReturn: () => () => {},
        close: async () => {},
        accounts: createMemoryRegistry({ clock: this.#clock }).accounts,
      },
      claim: (room, half) => {
        this.#clientOf.set(half.id, this.#connecting)
        return call(`claim ${at(room)} ${who(half.id)}`, (registry) => registry.claim(room, half))
      },
      renew: (room, half) => unheeded(`renew ${at(room)} ${who(half.id)}`, (registry) => registry.renew(room, half)),
      release: (room, id) => unheeded(`release ${at(room)} ${who(id)}`, (registry) => registry.release(room, id)),
      claimActivation: (room) =>
        call(`claim activation ${at(room)}`, (registry) => registry.claimActivation(room, owner)),
      settleActivation: (room, _claimant, joined) =>
        call(`settle ${at(room)} ${joined}`, (registry) => registry.settleActivation(room, owner, joined)),
      bury: (room) => unheeded(`bury ${at(room)}`, (registry) => registry.bury(room)),
      announce: async () => [],
      withdraw: async () => {},
      relays: async () => [],
    }
  }

  /** Random names replaced by those of clients, so that equal states look equal. */
  readonly #named = (key: string, value: unknown): unknown => (key === 'id' ? this.#clientOf.get(String(value)) : value)

  /** The calls of relays as one process makes them. */
  #clientsOf(owner: RelayName | ControlName): RelayClients {
    return { at: (address) => this.#callsOf(owner, address as RelayName), warm() {}, close() {} }
  }

  /**
   * Each call is on its way until it happens; its answer arrives as soon as there is one. An answer that takes its time
   * would be no other run: whoever waits for it does nothing meanwhile, and what he does next is on its way then. Left out
   * is only an answer that is lost because its relay crashes right after it: what it told of is gone too.
   */
  #callsOf(owner: RelayName | ControlName, at: RelayName): RelayCalls {
    const call = <N extends keyof RelayHandlers>(method: N) =>
      ((request: Parameters<RelayHandlers[N]>[0]) =>
        new Promise<unknown>((resolve, reject) => {
          if (this.#dead.has(owner)) return
          // Who has found a pair forgets how.
          if ('halves' in request)
            this.#told.set(
              owner,
              request.halves.map(({ id }) => `${this.#clientOf.get(id)}`),
            )
          const hear = (text: string, settle: () => void) => {
            if (!this.#underWay.delete(asked)) return
            this.#told.get(owner)?.push(`${at}: ${method} ${text}`)
            settle()
          }
          const fail = (error: unknown) => hear(asFailure(error, '').code, () => reject(error))
          const asked: Call = { owner, at, method, fail }
          const whom = 'half' in request ? ` ${this.#clientOf.get(request.half)}` : ''
          const how = method === 'findHalves' ? 'reads' : 'changes'
          this.schedule.put(`${owner}→${at}: ${method}${whom}`, { [owner]: how, [at]: how }, () => {
            this.#underWay.add(asked)
            const relay = this.#relays.get(at)
            if (!relay) return fail(new Failure('unavailable', `${at} is gone`))
            const handler = relay.handlers[method] as (request: unknown) => Promise<unknown>
            handler(request).then((answer) => hear(JSON.stringify(answer, this.#answered), () => resolve(answer)), fail)
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

  readonly #answered = (key: string, value: unknown): unknown => (key === 'bytestream' ? '' : this.#named(key, value))

  /** Trunks between relays, each write on its way until it happens. */
  #transportOf(owner: RelayName): { transport: TrunkTransport; visitors: () => TrunkVisitors | undefined } {
    let visitors: TrunkVisitors | undefined
    return {
      visitors: () => visitors,
      transport: {
        dial: async (address) => {
          if (!this.#relays.has(address as RelayName)) throw new Failure('unavailable', `${address} is gone`)
          const name = `trunk ${owner}${address}${this.#trunks.length}`
          const at = address as RelayName
          const touched = { [owner]: 'changes', [at]: 'changes' } as const
          const near: WireEnd = new WireEnd(`${name}<`, (chunk) =>
            this.schedule.put(`${name} → ${chunk.length}`, touched, () => void (far.destroyed || far.push(chunk))),
          )
          const far: WireEnd = new WireEnd(`${name}>`, (chunk) =>
            this.schedule.put(`${name} ← ${chunk.length}`, touched, () => void (near.destroyed || near.push(chunk))),
          )
          near.join(far)
          this.#trunks.push({ name, owner, at, ends: [near, far] })
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
    if (fault === 'start registry') {
      this.#faults.delete(fault)
      this.#registry.start()
      this.#renew()
    } else if (fault === 'flush registry' || fault === 'stop registry') {
      for (const other of ['flush registry', 'stop registry'] as const) this.#faults.delete(other)
      if (fault === 'flush registry') this.#registry.flush()
      else this.#registry.stop()
      if (fault === 'stop registry' && this.#case.faults.includes('start registry')) this.#faults.add('start registry')
    } else {
      for (const other of this.#faults) if (other.startsWith('crash')) this.#faults.delete(other)
      this.#crash(fault.slice('crash '.length) as RelayName | ControlName)
    }
    await settled()
  }

  #crash(name: RelayName | ControlName): void {
    this.#dead.add(name)
    this.#controls.delete(name as ControlName)
    this.#relays.delete(name as RelayName)
    for (const call of this.#underWay) {
      if (call.owner === name) this.#underWay.delete(call)
      else if (call.at === name) call.fail(new Failure('unavailable', `${name} has crashed`))
    }
    for (const client of this.#case.clients) if (client.relay === name) this.#sockets.get(client.name)?.destroy()
    for (const trunk of this.#trunks) {
      if (trunk.owner !== name && trunk.at !== name) continue
      this.schedule.drop((label) => label.startsWith(trunk.name))
      for (const end of trunk.ends) end.destroy()
    }
  }

  /** What relays do on every heartbeat, and as soon as the registry is back. */
  #renew(): void {
    for (const { pairing, bytestreams } of this.#relays.values()) {
      void pairing.renew()
      void bytestreams.renew()
    }
  }
}

/** Whether something goes wrong by it, or right again. */
function isFault(label: string): label is Fault {
  return /^(crash|flush|stop|start) /.test(label)
}

function asItIs(fact: string): string {
  return fact
}

function swapControls(fact: string): string {
  return fact.replace(controlMention, (name) => (name === '1' ? '2' : '1'))
}

function swapClients(fact: string): string {
  return fact.replace(clientMention, (name) => (name === 'alice' ? 'bob' : 'alice'))
}

/** What `which` is true of sorted, wherever it stands side by side. */
function inAnyOrder(entries: readonly string[], which: RegExp): string[] {
  const sorted: string[] = []
  let run: string[] = []
  for (const entry of entries) {
    if (which.test(entry)) {
      run.push(entry)
    } else {
      sorted.push(...run.sort(), entry)
      run = []
    }
  }
  return [...sorted, ...run.sort()]
}
