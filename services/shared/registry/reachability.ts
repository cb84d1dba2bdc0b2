import { Cluster, type Redis } from 'ioredis'
import type pino from 'pino'

/** Where a registry tells that its store went or came back. */
export type ReachabilityLog = Pick<pino.Logger, 'info' | 'warn' | 'error'>

const probeAfterMs = 250

/**
 * Whether Redis can be reached, by the client's connection events:
 * `unknown` → `reachable` ⇄ `unreachable`. Each change is logged once, however often the client retries.
 */
export class Reachability {
  readonly #client: Redis | Cluster
  readonly #log: ReachabilityLog | undefined
  readonly #listeners = new Set<() => void>()
  #state: 'unknown' | 'reachable' | 'unreachable' = 'unknown'
  #lastError: string | undefined
  #stopped = false
  #probe: NodeJS.Timeout | undefined

  constructor(client: Redis | Cluster, log?: ReachabilityLog) {
    this.#client = client
    this.#log = log
    client.on('error', (error: NodeJS.ErrnoException) => {
      this.#lastError = describe(error)
    })
    client.on('close', () => this.#lost())
    client.on('ready', () => this.#found())
    if (client instanceof Cluster) this.#watchNodes(client)
  }

  get reachable(): boolean {
    return this.#state === 'reachable'
  }

  /** Calls back when Redis can be reached again after it could not. Returns the way to stop. */
  onReturn(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves once it is known whether Redis can be reached; after `timeoutMs` without an answer, it cannot. */
  settled(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.#client.off('ready', settle).off('close', settle)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#lost()
        settle()
      }, timeoutMs)
      this.#client.on('ready', settle).on('close', settle)
    })
  }

  /** Tells nothing more. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#probe)
    this.#listeners.clear()
  }

  #lost(): void {
    if (this.#stopped || this.#state === 'unreachable') return
    this.#state = 'unreachable'
    this.#log?.warn({ reason: this.#lastError ?? 'no connection' }, 'registry cannot be reached')
  }

  #found(): void {
    if (this.#stopped || this.#state === 'reachable') return
    const returned = this.#state === 'unreachable'
    this.#state = 'reachable'
    this.#lastError = undefined
    this.#log?.info(returned ? 'registry can be reached again' : 'registry can be reached')
    if (returned) for (const listener of [...this.#listeners]) listener()
  }

  /** A Cluster is reachable when each of its masters is: a room lives on one of them. */
  #watchNodes(cluster: Cluster): void {
    cluster.on('node error', (error: NodeJS.ErrnoException) => {
      this.#lastError = describe(error)
    })
    cluster.on('-node', (node: Redis) => {
      if (node.options.readOnly || this.#state === 'unknown' || cluster.status !== 'ready') return
      this.#lost()
      this.#probeLater(cluster)
    })
  }

  #probeLater(cluster: Cluster): void {
    if (this.#stopped) return
    clearTimeout(this.#probe)
    this.#probe = setTimeout(async () => {
      if (this.#state !== 'unreachable' || cluster.status !== 'ready') return
      try {
        // Without the refresh, the nodes would lack the one that was just lost.
        await new Promise((resolve) => cluster.refreshSlotsCache(resolve))
        await Promise.all(cluster.nodes('master').map((node) => node.ping()))
        this.#found()
      } catch {
        this.#probeLater(cluster)
      }
    }, probeAfterMs).unref()
  }
}

/** Only what it says: ioredis hangs the whole command on an error, which may be the one that carried the password. */
function describe(error: NodeJS.ErrnoException): string {
  return error.message || error.code || error.name
}
