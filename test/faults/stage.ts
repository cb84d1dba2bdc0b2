import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type ControlProcess, type Fleet, type RelayProcess, startFleet } from '../../deploy/local/fleet.ts'
import type { LogLine, ServiceProcess, ServiceSettings } from '../../deploy/local/service.ts'
import { abbreviate, type Digest } from '../../services/shared/bytestream/digest.ts'
import { ns, xml } from '../../services/shared/xmpp/xml.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy/fault-proxy.ts'
import { Invariants } from '../support/invariants.ts'
import { KeyedTraffic } from '../support/keyed-traffic.ts'
import { type Agreement, agree } from '../support/pair.ts'
import { logInRequester, type Requester, verdict } from '../support/requester.ts'
import { until } from '../support/until.ts'
import { Caller, type Welcome } from './caller.ts'

export interface StageOptions {
  /** Default: `prosody`. */
  readonly server?: 'prosody' | 'ejabberd'
  readonly relay?: ServiceSettings
  readonly control?: ServiceSettings
}

/** A relay with a fault proxy before each port at which control and other relays reach it. */
export interface StagedRelay {
  readonly process: RelayProcess
  readonly rpc: FaultProxy
  readonly trunk: FaultProxy
}

/** Where the fault proxies of relays listen: the same ports as the relays, at another address of loopback. */
const advertised = '127.0.0.2'
const requester = 'alice@example.test/phone'
/** The longest that a requester waits; control has answered before. */
const answerTimeoutMs = 7_000
const healTimeoutMs = 40_000

/**
 * The whole system with fault proxies between its parts, for one case after the other: clients of a bytestream dial
 * `owner` with the first half and `holder` with the second. Whoever opens a stage disposes of it.
 */
export class Stage implements AsyncDisposable {
  readonly fleet: Fleet
  /** Between the services and Redis, and between control and the XMPP server. */
  readonly redis: FaultProxy
  readonly xmpp: FaultProxy
  readonly #opened: AsyncDisposableStack
  readonly #relays: StagedRelay[] = []
  readonly #controls: ControlProcess[]
  readonly #ofCase: (() => Promise<void> | void)[] = []
  #alice: Requester | undefined
  #invariants: Invariants | undefined

  private constructor(
    opened: AsyncDisposableStack,
    parts: { readonly fleet: Fleet; readonly redis: FaultProxy; readonly xmpp: FaultProxy },
  ) {
    this.#opened = opened
    this.fleet = parts.fleet
    this.redis = parts.redis
    this.xmpp = parts.xmpp
    this.#controls = [parts.fleet.control]
  }

  /** Starts everything, and lets bytes flow every way once, so that what is opened at first use is there. */
  static async open(options: StageOptions = {}): Promise<Stage> {
    await using opened = new AsyncDisposableStack()
    const proxies: Partial<Record<'redis' | 'xmpp', FaultProxy>> = {}
    const fleet = opened.use(
      await startFleet({
        relays: 2,
        ...(options.server && { server: options.server }),
        relay: { advertiseHost: advertised, heartbeatMs: 500, renewalMs: 1_000, ...options.relay },
        control: {
          componentRetryMaxMs: 1_000,
          componentMisconfiguredRetryMs: 1_000,
          // One requester plays them all.
          iqBurst: 1_000,
          ...options.control,
        },
        async inFrontOf(server, address) {
          const proxy = opened.use(await startFaultProxy(address))
          proxies[server] = proxy
          return proxy.address
        },
      }),
    )
    const { redis, xmpp } = proxies
    if (!redis || !xmpp) throw new Error('Cannot open the stage: the fleet asked for no proxies')
    const running = opened.move()
    const stage = new Stage(running, { fleet, redis, xmpp })
    try {
      for (const relay of fleet.relays) await stage.#surround(relay)
      await stage.#warmUp()
    } catch (error) {
      await running.disposeAsync()
      throw error
    }
    return stage
  }

  /** The relay of the first half. */
  get owner(): StagedRelay {
    return this.#relay(0)
  }

  /** The relay of the second half. */
  get holder(): StagedRelay {
    return this.#relay(1)
  }

  get control(): ControlProcess {
    return this.fleet.control
  }

  /** Every control that was started, those that have ended included. */
  get controls(): readonly ControlProcess[] {
    return this.#controls
  }

  /** Resolves when bytes cross the relays that play now, so that everybody knows everybody. */
  known(): Promise<void> {
    return this.#healed()
  }

  /** Whether the proxy answers to a ping through the XMPP server. */
  async proxyAnswers(): Promise<boolean> {
    try {
      const alice = await this.#loggedIn()
      return verdict(await alice.ask('get', xml('ping', { xmlns: ns.ping }))) === 'result'
    } catch {
      return false
    }
  }

  /** Resolves when the XMPP server answers in place of control, because it knows that control is gone. */
  async controlMissed(): Promise<void> {
    const answer = async () => {
      const alice = await this.#loggedIn()
      const ping = alice.ask('get', xml('ping', { xmlns: ns.ping })).then(verdict, () => '')
      // What was sent to a connection that is no more is never answered.
      return Promise.race([ping, delay(300, '', { ref: false })])
    }
    await until('the XMPP server has noticed', async () => (await answer()).startsWith('remote-server-timeout'))
  }

  /** Every process that may tell of what happens, those that have ended included. */
  witnesses(service: 'relay' | 'control'): readonly ServiceProcess[] {
    return service === 'relay' ? this.fleet.relays : this.#controls
  }

  /** Starts another relay in the place of this one, under other terms; the one before is stopped. */
  async recast(role: 'owner' | 'holder', settings: ServiceSettings, under: readonly string[] = []): Promise<void> {
    const before = this[role]
    const relay = await this.#surround(await this.fleet.startRelay(settings, { under }))
    await before.process.stop()
    this.#relays.splice(this.#relays.indexOf(relay), 1)
    this.#relays[role === 'owner' ? 0 : 1] = relay
  }

  /** Starts another control in the place of the one that runs. */
  async recastControl(settings: ServiceSettings = {}, under: readonly string[] = []): Promise<void> {
    await this.control.stop()
    await this.addControl(settings, under)
  }

  /** Starts one more control. */
  async addControl(settings: ServiceSettings = {}, under: readonly string[] = []): Promise<ControlProcess> {
    const control = await this.fleet.startControl(settings, { under })
    this.#controls.push(control)
    return control
  }

  /** Has this done when the case is over. */
  afterwards(tidy: () => Promise<void> | void): void {
    this.#ofCase.push(tidy)
  }

  /** Does what was to be done afterwards, the latest first. */
  async tidy(): Promise<void> {
    for (const tidy of this.#ofCase.splice(0).reverse()) await tidy()
  }

  /** A bytestream that no other case uses. Disposing closes its clients. */
  agree(): Bytestream {
    return new Bytestream(agree(requester), { login: () => this.#loggedIn(), registered: (it) => this.#registered(it) })
  }

  /** A bytestream that runs between these relays. Throws when it does not come about. */
  async running(first: StagedRelay, second: StagedRelay): Promise<Running> {
    using opened = new DisposableStack()
    const bytestream = opened.use(this.agree())
    await bytestream.dial(first, second)
    const answer = await bytestream.activate()
    if (answer !== 'joined') throw new Error(`Cannot begin: the activation was answered by ${answer}`)
    const traffic = new KeyedTraffic(bytestream.pair, bytestream.digest)
    if (!(await traffic.goesOn())) throw new Error('Cannot begin: no bytes flow')
    const running = opened.move()
    return { bytestream, traffic, [Symbol.dispose]: () => running.dispose() }
  }

  /** Whether a relay has told of the end of this bytestream, or does within 10 s. */
  async told({ digest }: Bytestream): Promise<boolean> {
    const signal = AbortSignal.timeout(10_000)
    const prefix = abbreviate(digest)
    const isEnd = ({ msg, digest: found }: LogLine) => msg === 'bytestream ended' && found === prefix
    try {
      await Promise.any(this.fleet.relays.map((relay) => relay.waitForLine(isEnd, signal)))
      return true
    } catch {
      return false
    }
  }

  /**
   * Undoes what a case has left: gives every role to a process that runs, takes the toxics off, and lets a bytestream
   * cross. Gives what is not back at its baseline, one sentence each.
   */
  async restore(): Promise<string[]> {
    await this.tidy()
    for (const proxy of [this.redis, this.xmpp, ...this.#relays.flatMap(({ rpc, trunk }) => [rpc, trunk])]) {
      proxy.clear()
      await proxy.up()
    }
    for (const [at, { process }] of this.#relays.entries()) {
      if (await isRunning(process)) continue
      const relay = await this.#surround(await this.fleet.startRelay())
      this.#relays.splice(this.#relays.indexOf(relay), 1)
      this.#relays[at] = relay
    }
    if (!(await isRunning(this.control))) await this.addControl()
    // What has ended leaves a folder with its log until it is stopped.
    for (const each of [...this.fleet.relays, ...this.#controls]) if (!(await isRunning(each))) await each.stop()
    await this.#healed()
    return this.#invariants ? await this.#invariants.breaches() : []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#alice?.[Symbol.asyncDispose]()
    this.#invariants?.stop()
    await this.#opened.disposeAsync()
  }

  #relay(index: number): StagedRelay {
    const relay = this.#relays[index]
    if (!relay) throw new Error(`Cannot name relay ${index} of the stage: it has only ${this.#relays.length}`)
    return relay
  }

  async #surround(process: RelayProcess): Promise<StagedRelay> {
    const before = async (variable: string) => {
      const port = Number(process.env[variable])
      return this.#opened.use(await startFaultProxy({ host: '127.0.0.1', port }, { host: advertised, port }))
    }
    const relay = { process, rpc: await before('RELAY_RPC_PORT'), trunk: await before('RELAY_TRUNK_PORT') }
    this.#relays.push(relay)
    return relay
  }

  async #warmUp(): Promise<void> {
    await this.#healed()
    const processes = () => [...this.#relays.map(({ process }) => process), this.control]
    this.#invariants = await Invariants.take(processes, this.fleet.redis.url)
  }

  /** Resolves when bytes cross between the relays both ways, as soon as they do. */
  async #healed(): Promise<void> {
    for (const [first, second] of [
      [this.owner, this.holder],
      [this.holder, this.owner],
    ] as const) {
      await until(
        `bytes cross from ${first.process.name} to ${second.process.name}`,
        () => this.#crosses(first, second),
        {
          timeoutMs: healTimeoutMs,
          everyMs: 200,
        },
      )
    }
  }

  async #crosses(first: StagedRelay, second: StagedRelay): Promise<boolean> {
    try {
      using probe = await this.running(first, second)
      return (await probe.traffic.finish()) === 'exact'
    } catch {
      return false
    }
  }

  async #registered(digest: Digest): Promise<void> {
    const redis = new Redis(this.fleet.redis.url, { commandTimeout: 1_000 }).on('error', () => {})
    try {
      await until('the first half is registered', async () => (await redis.keys(`splice65:*${digest}*`)).length > 0)
    } finally {
      redis.disconnect()
    }
  }

  async #loggedIn(): Promise<Requester> {
    if (this.#alice && !this.#alice.over) return this.#alice
    this.#alice = await logInRequester(this.fleet)
    return this.#alice
  }
}

/** A bytestream whose bytes flow. */
export interface Running extends Disposable {
  readonly bytestream: Bytestream
  readonly traffic: KeyedTraffic
}

interface BytestreamParts {
  readonly login: () => Promise<Requester>
  /** Resolves when the registry has a half of this digest: a relay that is slow to reach Redis registers it later. */
  readonly registered: (digest: Digest) => Promise<void>
}

/** What requester and target agreed on, and their clients. */
export class Bytestream implements Disposable {
  readonly #agreement: Agreement
  readonly #parts: BytestreamParts
  readonly #callers: Caller[] = []

  constructor(agreement: Agreement, parts: BytestreamParts) {
    this.#agreement = agreement
    this.#parts = parts
  }

  get digest(): Agreement['digest'] {
    return this.#agreement.digest
  }

  /** The two sockets, by arrival. */
  get pair() {
    const [first, second] = this.#callers.map(({ socket }) => socket)
    if (!first || !second) throw new Error('Cannot name the pair: there are not two clients')
    return { first, second }
  }

  /** The same bytestream with other clients, who come and go apart from these. */
  again(): Bytestream {
    return new Bytestream(this.#agreement, this.#parts)
  }

  /** Takes the clients of another one over. */
  adopt(other: Bytestream): void {
    this.#callers.push(...other.#callers.splice(0))
  }

  /** A client that has greeted this relay. */
  async greet({ process }: StagedRelay, from?: string): Promise<Caller> {
    const caller = await Caller.greet(process.socks['']?.port ?? 0, from)
    this.#callers.push(caller)
    return caller
  }

  /** Both clients, the second when the first is known to be that. Throws unless both are let in. */
  async dial(...relays: readonly StagedRelay[]): Promise<void> {
    for (const relay of relays) {
      if (this.#callers.length > 0) await this.#parts.registered(this.digest)
      const welcome: Welcome = await (await this.greet(relay)).name(this.digest)
      if (welcome !== 'accepted') throw new Error(`Cannot begin: ${relay.process.name} answered: ${welcome}`)
    }
  }

  /** Activates once, and gives the answer in a word or two: `joined`, a stanza error, `no answer`, `no server`. */
  async activate(): Promise<string> {
    let alice: Requester
    try {
      alice = await this.#parts.login()
    } catch {
      return 'no server'
    }
    const { promise: late, resolve } = Promise.withResolvers<'no answer'>()
    const timer = setTimeout(() => resolve('no answer'), answerTimeoutMs)
    try {
      const answer = await Promise.race([alice.activate(this.#agreement), late])
      if (answer === 'no answer') return answer
      return verdict(answer) === 'result' ? 'joined' : (verdict(answer).split(' ')[0] ?? '')
    } catch {
      return 'no server'
    } finally {
      clearTimeout(timer)
    }
  }

  /** Activates until that helps, for as long as halves wait in vain; gives the last answer. */
  async activateAgain(timeoutMs = 20_000): Promise<string> {
    const deadlineMs = performance.now() + timeoutMs
    for (;;) {
      const answer = await this.activate()
      if (answer === 'joined' || answer === 'item-not-found' || performance.now() > deadlineMs) return answer
      if (this.#callers.some(({ socket }) => socket.closed)) return answer
    }
  }

  [Symbol.dispose](): void {
    for (const caller of this.#callers) caller.close()
  }
}

async function isRunning(process: ServiceProcess): Promise<boolean> {
  return (await Promise.race([process.exited, 'running'])) === 'running'
}
