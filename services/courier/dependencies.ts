import type { Clock } from '../shared/runtime/clock.ts'
import type { Records } from './records/records.ts'
import type { BlobStore } from './store/blobs.ts'

const everyMs = 5_000

export interface DependencyEvents {
  /** The database or the blob store does not answer, or does so again: then `error` is undefined. */
  dependencyChanged(dependency: Dependency, error: unknown): void
}

export const dependencies = ['database', 'blob store'] as const
export type Dependency = (typeof dependencies)[number]

interface DependenciesParts {
  readonly records: Pick<Records, 'check'>
  readonly blobs: Pick<BlobStore, 'check'>
  readonly events: DependencyEvents
  readonly clock: Clock
}

/**
 * Looks every five seconds whether the database and the blob store answer. Without either a courier can take nothing in and
 * hand nothing over, so it says that it is not ready.
 */
export class Dependencies {
  readonly #parts: DependenciesParts
  readonly #missing = new Set<Dependency>()
  #cancel = () => {}
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(parts: DependenciesParts) {
    this.#parts = parts
  }

  /** What does not answer, in words; undefined when all does. */
  get missing(): string | undefined {
    return this.#missing.size > 0 ? `the ${[...this.#missing].join(' and the ')} does not answer` : undefined
  }

  /** Begins to look; both answered when they were opened. */
  start(): void {
    this.#cancel = this.#parts.clock.after(everyMs, () => {
      this.#looking = this.#look()
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#looking
  }

  async #look(): Promise<void> {
    const { records, blobs } = this.#parts
    await Promise.all([this.#ask('database', () => records.check()), this.#ask('blob store', () => blobs.check())])
    if (!this.#isStopped) this.start()
  }

  async #ask(dependency: Dependency, check: () => Promise<void>): Promise<void> {
    const answer = await check().then(
      () => ({ error: undefined, isMissing: false }),
      (error: unknown) => ({ error, isMissing: true }),
    )
    if (answer.isMissing === this.#missing.has(dependency)) return
    if (answer.isMissing) this.#missing.add(dependency)
    else this.#missing.delete(dependency)
    this.#parts.events.dependencyChanged(dependency, answer.error)
  }
}
