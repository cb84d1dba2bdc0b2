import { Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { CourierConfig } from '../config.ts'
import type { Records } from '../records/records.ts'
import type { BlobStore } from '../store/blobs.ts'
import type { ParcelEvents } from './events.ts'
import type { Parcel } from './parcel.ts'

/** So many at a time, so that no transaction is long. */
const batch = 100

/** So many blobs may be lost one by one. */
const fewMissing = 10

interface RetentionParts {
  readonly records: Pick<
    Records,
    'expire' | 'disposable' | 'noteDisposed' | 'forget' | 'unknownBlobs' | 'storedAfter' | 'end' | 'totals'
  >
  readonly blobs: Pick<BlobStore, 'remove' | 'list' | 'size'>
  readonly events: Pick<
    ParcelEvents,
    'parcelsEnded' | 'parcelsKept' | 'garbageCollected' | 'blobDamaged' | 'retentionFailed'
  >
  readonly clock: Clock
}

type RetentionOptions = Pick<
  CourierConfig,
  'abandonAfterMs' | 'disposeAfterMs' | 'forgetAfterMs' | 'retentionIntervalMs' | 'reconcileIntervalMs'
>

/**
 * Clears away what has had its time. Every replica does it: what one has done another finds done. The order is such that
 * a crash anywhere leaves garbage at most, never a record of a blob that is gone.
 */
export class Retention {
  readonly #parts: RetentionParts
  readonly #options: RetentionOptions
  readonly #timers = new Set<() => void>()
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(parts: RetentionParts, options: RetentionOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Begins at once, and goes on until it is stopped. */
  start(): void {
    this.#repeat(() => this.clear(), this.#options.retentionIntervalMs)
    this.#repeat(() => this.reconcile(), this.#options.reconcileIntervalMs)
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const cancel of this.#timers) cancel()
    await this.#running
  }

  /** Ends, disposes of and forgets what is due. */
  async clear(): Promise<void> {
    const { records, blobs, events } = this.#parts
    const { abandonAfterMs, disposeAfterMs, forgetAfterMs } = this.#options
    await this.#eachBatch(async () => {
      const outcomes = await records.expire({ abandonAfterMs, limit: batch })
      events.parcelsEnded(outcomes)
      return outcomes.length
    })
    await this.#eachBatch(async () => {
      const due = await records.disposable({ graceMs: disposeAfterMs, limit: batch })
      for (const { id, blob } of due) {
        await blobs.remove(blob)
        await records.noteDisposed(id)
      }
      return due.length
    })
    await records.forget({ afterMs: forgetAfterMs })
    events.parcelsKept(await records.totals())
  }

  /** Holds the blobs against the records: takes away what no record knows, and ends as damaged what has no blob. */
  async reconcile(): Promise<void> {
    await this.#collectGarbage()
    await this.#findMissing()
  }

  async #collectGarbage(): Promise<void> {
    const { records, blobs, events } = this.#parts
    // A record is older than its blob. Yet nothing young is taken away: the database may be a copy of yesterday’s.
    const oldest = Date.now() - this.#options.abandonAfterMs
    let keys: string[] = []
    let collected = 0
    const collect = async () => {
      const unknown = await records.unknownBlobs(keys)
      for (const key of unknown) await blobs.remove(key)
      collected += unknown.length
      keys = []
    }
    for await (const { key, changedAt } of blobs.list()) {
      if (this.#isStopped) return
      if (changedAt.getTime() <= oldest) keys.push(key)
      if (keys.length === batch) await collect()
    }
    await collect()
    events.garbageCollected(collected)
  }

  async #findMissing(): Promise<void> {
    const { records, blobs, events } = this.#parts
    const missing: Parcel[] = []
    let found = 0
    for (let last = ''; !this.#isStopped; ) {
      const parcels = await records.storedAfter(last, batch)
      for (const parcel of parcels) {
        if ((await blobs.size(parcel.blob)) === parcel.size) found += 1
        else missing.push(parcel)
      }
      const { id } = parcels.at(-1) ?? {}
      if (id === undefined) break
      last = id
    }
    // A volume that was not mounted, or a bucket of another name, is no reason to end everything.
    if (missing.length > fewMissing && missing.length > found) {
      const counted = `${missing.length} of ${missing.length + found}`
      throw new Failure(
        'unavailable',
        `Cannot find the blobs of ${counted} parcels: is this the volume they were stored on?`,
      )
    }
    for (const parcel of missing) if (await records.end(parcel.id, 'damaged')) events.blobDamaged(parcel)
  }

  async #eachBatch(run: () => Promise<number>): Promise<void> {
    while (!this.#isStopped && (await run()) === batch);
  }

  #repeat(run: () => Promise<void>, everyMs: number): void {
    const again = async () => {
      await run().catch((error: unknown) => this.#parts.events.retentionFailed(error))
      if (this.#isStopped) return
      const cancel = this.#parts.clock.after(everyMs, () => {
        this.#timers.delete(cancel)
        this.#queue(again)
      })
      this.#timers.add(cancel)
    }
    this.#queue(again)
  }

  /** One after the other: they have no hurry. */
  #queue(run: () => Promise<void>): void {
    this.#running = this.#running.then(run)
  }
}
