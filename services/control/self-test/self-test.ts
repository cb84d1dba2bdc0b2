import { Failure } from '../../shared/bytestream/failure.ts'
import type { LinkState } from '../../shared/component/link.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { Activator } from '../bytestreams/activator.ts'
import { allAddresses, type Streamhost, type StreamhostOptions } from '../bytestreams/streamhost.ts'
import type { Directory } from '../directory.ts'
import { checkAddress } from './address-check.ts'
import type { SelfTestEvents } from './events.ts'
import type { SelfTestReport, StreamhostReport } from './report.ts'
import { roundTrip } from './round-trip.ts'
import { withinSignal } from './within-signal.ts'

export interface SelfTestOptions extends StreamhostOptions {
  /** Time between two tests, on average. */
  readonly selfTestIntervalMs: number
  /** How long one bytestream may take, and how long further ones are begun at one address. */
  readonly selfTestTimeoutMs: number
  /** How many bytes a bytestream carries each way. */
  readonly selfTestBytes: number
}

export interface SelfTestParts {
  readonly activator: Pick<Activator, 'activate'>
  readonly directory: Directory
  readonly component: { readonly state: LinkState }
  readonly events: SelfTestEvents
  readonly clock: Clock
  readonly random: () => number
}

/** Each may hold a thread of Node's name resolver, which has four; the registry and the XMPP server need one too. */
const addressesAtOnce = 3

/**
 * Tests the addresses that control advertises as clients use them: by name, through whatever stands before the relays, with a
 * real handshake, activation and bytes. A replica that stands by tests too: its addresses are the same.
 */
export class SelfTest {
  readonly #parts: SelfTestParts
  readonly #options: SelfTestOptions
  readonly #stopping = new AbortController()
  #running: Promise<SelfTestReport> | undefined
  #cancelNext = () => {}

  constructor(parts: SelfTestParts, options: SelfTestOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Tests now and then from now on; chance keeps replicas out of step. Whoever starts a self-test stops it. */
  start(): void {
    this.#testAfter(this.#options.selfTestIntervalMs * this.#parts.random())
  }

  /**
   * Tests now, or shares the test that runs. An aborted `signal` ends the caller's wait, not the test. Throws
   * `unavailable` when control stops meanwhile.
   */
  run(signal?: AbortSignal): Promise<SelfTestReport> {
    this.#running ??= this.#test().finally(() => {
      this.#running = undefined
    })
    return signal ? withinSignal(this.#running, signal) : this.#running
  }

  /** Gives up the test that runs, and resolves when its sockets are closed. */
  async stop(): Promise<void> {
    this.#cancelNext()
    this.#stopping.abort(new Failure('unavailable', 'Cannot finish the self-test: control stops'))
    await this.#running?.catch(() => {})
  }

  #testAfter(ms: number): void {
    const { clock, events, random } = this.#parts
    this.#cancelNext = clock.after(ms, async () => {
      try {
        await this.run()
      } catch (error) {
        if (!this.#stopping.signal.aborted) events.selfTestBroke(error)
      }
      if (this.#stopping.signal.aborted) return
      this.#testAfter(this.#options.selfTestIntervalMs * (0.75 + random() / 2))
    })
  }

  async #test(): Promise<SelfTestReport> {
    const { directory, component, events } = this.#parts
    this.#stopping.signal.throwIfAborted()
    const shared = new Set(this.#options.streamhosts)
    const streamhosts = await inTurns(allAddresses(directory, this.#options), (streamhost) =>
      // Behind a relay's own address there is nobody else to reach.
      this.#check(streamhost, () => (shared.has(streamhost) ? this.#ready() : [])),
    )
    const reached = new Set(streamhosts.flatMap(({ relays }) => relays))
    const report = {
      component: component.state,
      streamhosts,
      relays: this.#ready().map((name) => ({ name, reached: reached.has(name) })),
    }
    events.selfTestEnded(report)
    return report
  }

  #check(streamhost: Streamhost, wanted: () => readonly string[]): Promise<StreamhostReport> {
    const { activator, clock } = this.#parts
    const trip = (signal: AbortSignal) => roundTrip({ activator }, streamhost, { ...this.#options, signal })
    const options = { ...this.#options, signal: this.#stopping.signal }
    return checkAddress({ trip, wanted, now: () => clock.now() }, streamhost, options)
  }

  /** Names of the relays that take new bytestreams now. */
  #ready(): string[] {
    const ready = this.#parts.directory.alive().filter((relay) => !relay.draining)
    return ready.map(({ name }) => name)
  }
}

/** The task's results in the order of the items, with a few tasks at a time. */
async function inTurns<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  const work = async () => {
    for (const [index, item] of queue) results[index] = await task(item)
  }
  await Promise.all(Array.from({ length: addressesAtOnce }, work))
  return results
}
