import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { lastWill } from '../../deploy/local/last-will.ts'

/** What the receivers had got at one moment. */
export interface Mark {
  readonly atNs: number
  /** Bytes of every fast stream. */
  readonly fast: readonly number[]
  /** Bytes of all slow streams together. */
  readonly slow: number
}

/** How long something took, over and over. */
export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** A burst of new half-connections. */
export interface Opened extends Partial<Latency> {
  readonly count: number
  readonly failed: number
  readonly seconds: number
}

/** How the load reaches a subject. */
export interface LoadTarget {
  /** Which the receiving ends dial. */
  readonly receivers: number
  /** Which the sending ends dial. */
  readonly senders: number
  /** Where the load accepts the receiving ends itself, for subjects that dial a server. */
  readonly sink?: number
  /** A file with one digest a line, for subjects that speak SOCKS5. */
  readonly digestFile?: string
}

type LoadProgram = 'pump' | 'ping' | 'paced' | 'halves'
type LoadSettings = Readonly<Record<string, string | number | undefined>>

const STOP_MS = 5_000

/**
 * The load generator in a process of its own. `start` resolves when all its connections are made; disposing of it closes
 * them and ends the process.
 */
export class Load implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  readonly #faults: string[] = []

  private constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: 'pipe' })
    this.#closed = once(this.#child, 'close').catch(() => {})
    const revoke = lastWill(() => this.#child.kill('SIGKILL'))
    this.#closed.then(revoke)
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.setEncoding('utf8').on('data', (text) => this.#faults.push(text))
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Connects everything. Throws in the words of the load when the subject does not let it. */
  static async start(
    binary: string,
    program: LoadProgram,
    { receivers, senders, sink, digestFile }: LoadTarget,
    settings: LoadSettings = {},
  ): Promise<Load> {
    const given = { receivers, senders, sink, digests: digestFile, ...settings }
    const args = Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, `${value}`],
    )
    const load = new Load(binary, [program, ...args])
    try {
      await load.#answer()
      return load
    } catch (error) {
      await load[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Lets the fast streams of `pump` send. */
  go(): void {
    this.#say('go')
  }

  /** Lets the slow streams send, or not. */
  slow(on: boolean): void {
    this.#say(`slow ${on ? 'on' : 'off'}`)
  }

  /** Stops the receiver of the first fast stream, or lets it go on. */
  stall(on: boolean): void {
    this.#say(`stall ${on ? 'on' : 'off'}`)
  }

  mark(): Promise<Mark> {
    return this.#ask<Mark>('mark')
  }

  /** Ends every stream, and resolves when all has arrived, to the byte. Throws when it has not. */
  finish(): Promise<Mark> {
    return this.#ask<Mark>('stop')
  }

  /** So many round trips of `ping` or `paced`. */
  ping(count: number): Promise<Latency> {
    return this.#ask<Latency>(`go ${count}`)
  }

  /** So many more half-connections of `halves`. */
  open(count: number): Promise<Opened> {
    return this.#ask<Opened>(`go ${count}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await this.#closed
    clearTimeout(force)
  }

  #say(command: string): void {
    this.#child.stdin.write(`${command}\n`)
  }

  #ask<T>(command: string): Promise<T> {
    this.#say(command)
    return this.#answer<T>()
  }

  async #answer<T>(): Promise<T> {
    const { value, done } = await this.#lines.next()
    if (!done) return JSON.parse(value)
    await this.#closed
    throw new Error(this.#faults.join('').trim() || `The load has ended with ${this.#child.exitCode ?? 'a signal'}`)
  }
}
