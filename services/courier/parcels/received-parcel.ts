import { Failure } from '../../shared/bytestream/failure.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { HeldLease } from '../records/held-lease.ts'
import type { Records } from '../records/records.ts'
import type { BlobWriter } from '../store/blobs.ts'
import type { ParcelEvents } from './events.ts'
import type { Parcel } from './parcel.ts'
import type { IncomingParcel } from './reception.ts'
import type { Scan } from './scan.ts'

export interface ReceivedParcelParts {
  readonly records: Pick<Records, 'store' | 'end'>
  readonly scan: Scan | undefined
  readonly events: Pick<ParcelEvents, 'parcelScanned' | 'parcelStored' | 'parcelGivenUp'>
  readonly onStored: (parcel: Parcel) => void
}

/**
 * A parcel whose bytes go into a blob as they come. States: receiving, ended. Whatever ends it gives the lease back, and
 * what ends it first says how: whoever cleans up after a failure may discard what that failure has ended.
 */
export class ReceivedParcel implements IncomingParcel {
  readonly parcel: Parcel
  readonly offset: number
  readonly #parts: ReceivedParcelParts
  readonly #writer: BlobWriter
  readonly #held: HeldLease
  readonly #scanFailure: 'refuse' | 'accept'
  readonly #startedAt = performance.now()
  #hasEnded = false

  constructor(
    parts: ReceivedParcelParts,
    { parcel, writer, held }: { readonly parcel: Parcel; readonly writer: BlobWriter; readonly held: HeldLease },
    { scanFailure }: { readonly scanFailure: 'refuse' | 'accept' },
  ) {
    this.parcel = parcel
    this.offset = writer.bytes
    this.#parts = parts
    this.#writer = writer
    this.#held = held
    this.#scanFailure = scanFailure
  }

  get bytes(): number {
    return this.#writer.bytes
  }

  async write(chunk: Buffer): Promise<void> {
    this.#held.lost.throwIfAborted()
    if (this.bytes + chunk.length > this.parcel.size) {
      throw new Failure('over-limit', `The file has more than the ${this.parcel.size} bytes that were offered`)
    }
    await this.#orGiveUp(() => this.#writer.write(chunk))
  }

  async finish(told?: string): Promise<Parcel> {
    this.#held.lost.throwIfAborted()
    const { size } = this.parcel
    if (this.bytes !== size) {
      throw new Failure('unavailable', `The stream ended after ${this.bytes} of ${size} bytes`)
    }
    killPoint('parcel-written')
    await this.#demandClean()
    const stored = await this.#orGiveUp(() => this.#writer.finish())
    if (told !== undefined && told !== stored.sha256) {
      throw new Failure('malformed', `The file has the SHA-256 ${stored.sha256}, not ${told} as its sender told`)
    }
    killPoint('parcel-durable')
    const parcel = await this.#parts.records.store(this.#held.lease, stored)
    killPoint('parcel-committed')
    await this.#held.release()
    this.#parts.events.parcelStored(parcel, { durationMs: performance.now() - this.#startedAt })
    this.#parts.onStored(parcel)
    return parcel
  }

  async keep(): Promise<void> {
    await this.#writer.keep()
    await this.#held.release()
  }

  async discard(): Promise<void> {
    await this.#writer.discard()
    await this.#end('abandoned')
  }

  /** Throws `forbidden` for an infected file, which is then gone, and `unavailable` when nobody can say and that is not enough. */
  async #demandClean(): Promise<void> {
    const { events, scan } = this.#parts
    if (!scan) return
    const verdict = await scan(this.#writer.read()).catch((error: unknown) => {
      events.parcelScanned(this.parcel, { verdict: 'none', error })
      if (this.#scanFailure === 'refuse') throw error
      return undefined
    })
    if (!verdict) return
    events.parcelScanned(this.parcel, { verdict })
    if (verdict === 'clean') return
    await this.#writer.discard()
    await this.#end('refused')
    throw new Failure('forbidden', `Cannot take parcel ${this.parcel.id}: the malware scan does not let it pass`)
  }

  /** A blob that cannot be written is gone, and its quota is free for another attempt. */
  async #orGiveUp<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      this.#parts.events.parcelGivenUp(this.parcel, error)
      await this.#end('abandoned').catch(() => {})
      throw error
    }
  }

  async #end(outcome: 'abandoned' | 'refused'): Promise<void> {
    if (this.#hasEnded) return
    this.#hasEnded = true
    try {
      if (!this.#held.lost.aborted) await this.#parts.records.end(this.parcel.id, outcome, this.#held.lease)
    } finally {
      await this.#held.release()
    }
  }
}
