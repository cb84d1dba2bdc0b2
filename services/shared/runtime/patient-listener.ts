import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { Failure } from '../bytestream/failure.ts'
import { AcceptQueue } from './accept-queue.ts'
import { type Clock, systemClock } from './clock.ts'

/** How often a server to which nobody comes is looked at. */
const LOOK_MS = 1_000
/** How soon again, when somebody waits for it. */
const LOOK_AGAIN_MS = 50
/** For how long it listens no more, when that was in vain. */
const PAUSE_MS = 1_000

/** Connections cannot be accepted; so many waited, and are turned away. */
export type AcceptFailed = (failure: Failure, waiting: number) => void

export interface PatientListenerParts {
  readonly server: Server
  readonly failed: AcceptFailed
  readonly clock?: Clock
  /** Default: what the kernel says. */
  readonly queue?: Pick<AcceptQueue, 'lengthOf'>
}

export interface PatientListenerOptions {
  readonly host: string
  readonly port: number
  readonly backlog?: number
}

/**
 * Has a server listen, with pauses while the kernel hands no connections over. For want of files, buffers or memory
 * accept(2) fails, and Node tells nobody: libuv tries again at once, for as long as somebody waits, and takes a whole core.
 * So the sign is that somebody waits and nobody is accepted, from one look to the next. Then the server listens no more for
 * a second, which sends whoever waits elsewhere.
 */
export class PatientListener {
  /** The same after a pause. */
  readonly address: AddressInfo
  readonly #server: Server
  readonly #failed: AcceptFailed
  readonly #clock: Clock
  readonly #queue: Pick<AcceptQueue, 'lengthOf'>
  readonly #options: PatientListenerOptions
  readonly #opened = new DisposableStack()
  #accepted = 0
  #acceptedBefore = 0
  #inVain = false
  #cancel: () => void = () => {}

  /** `parts.server` listens by now. */
  private constructor(parts: PatientListenerParts, options: PatientListenerOptions) {
    this.#server = parts.server
    this.#failed = parts.failed
    this.#clock = parts.clock ?? systemClock
    this.address = parts.server.address() as AddressInfo
    this.#queue = parts.queue ?? this.#opened.use(new AcceptQueue(this.address.family))
    this.#options = { ...options, port: this.address.port }
    this.#server
      .on('connection', () => this.#count())
      // Accepted too, and closed at once: the server has its `maxConnections`.
      .on('drop', () => this.#count())
      .on('listening', () => this.#listens())
      .on('error', (error) => this.#fails(error))
    this.#lookAfter(LOOK_MS)
  }

  /** Has the server listen. Throws when it cannot; whoever starts it stops it. */
  static async start(parts: PatientListenerParts, options: PatientListenerOptions): Promise<PatientListener> {
    parts.server.listen(options)
    await once(parts.server, 'listening')
    return new PatientListener(parts, options)
  }

  /** Listens no more. What was accepted is not its own. */
  stop(): void {
    this.#cancel()
    this.#server.close()
    this.#opened.dispose()
  }

  #count(): void {
    this.#accepted += 1
  }

  #lookAfter(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#look())
  }

  #look(): void {
    const waiting = this.#accepted === this.#acceptedBefore ? this.#queue.lengthOf(this.#server) : 0
    this.#acceptedBefore = this.#accepted
    const wasInVain = this.#inVain
    this.#inVain = waiting > 0 && !wasInVain
    if (waiting === 0) this.#lookAfter(LOOK_MS)
    else if (wasInVain) this.#pause(waiting)
    else this.#giveChance()
  }

  /** Looks again when the event loop has asked for connections at least once: it has, at an immediate. */
  #giveChance(): void {
    const immediate = setImmediate(() => this.#lookAfter(LOOK_AGAIN_MS))
    this.#cancel = () => clearImmediate(immediate)
  }

  #pause(waiting: number): void {
    this.#server.close()
    this.#failed(new Failure('unavailable', 'Cannot accept connections: the kernel hands none over'), waiting)
    this.#resumeLater()
  }

  #resumeLater(): void {
    this.#cancel = this.#clock.after(PAUSE_MS, () => this.#server.listen(this.#options))
  }

  #listens(): void {
    // Its host was looked up in between.
    if (this.#opened.disposed) this.#server.close()
    else this.#lookAfter(LOOK_AGAIN_MS)
  }

  /** Unheard it would end the process. */
  #fails(cause: Error): void {
    this.#failed(new Failure('unavailable', `Cannot accept connections: ${cause.message}`, { cause }), 0)
    if (!this.#server.listening && !this.#opened.disposed) this.#resumeLater()
  }
}
