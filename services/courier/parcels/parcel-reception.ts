import { Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { CourierConfig } from '../config.ts'
import { HeldLease } from '../records/held-lease.ts'
import { QuotaExceeded } from '../records/quota-exceeded.ts'
import type { Quotas, Records } from '../records/records.ts'
import type { BlobStore } from '../store/blobs.ts'
import type { ParcelEvents } from './events.ts'
import type { Parcel } from './parcel.ts'
import { ReceivedParcel } from './received-parcel.ts'
import type { Reception } from './reception.ts'
import type { Scan } from './scan.ts'

/** How long nobody else may receive a parcel after its receiver was killed. */
const leaseMs = 30_000

export interface ReceptionParts {
  readonly records: Pick<Records, 'reserve' | 'store' | 'end' | 'renew' | 'release'>
  readonly blobs: Pick<BlobStore, 'write'>
  readonly scan: Scan | undefined
  readonly events: Pick<
    ParcelEvents,
    'parcelAccepted' | 'parcelScanned' | 'parcelStored' | 'parcelGivenUp' | 'quotaExceeded'
  >
  readonly clock: Clock
}

export type ReceptionOptions = Readonly<Quotas> &
  Pick<CourierConfig, 'maxFileBytes' | 'keepMs' | 'scanFailure'> & {
    /** Name of this process among all that use the database, now and before: see `LeaseTerms`. */
    readonly holder: string
  }

/** Takes parcels in: bytes into the blob store, the record into the database. */
export function createReception(parts: ReceptionParts, options: ReceptionOptions): Reception {
  const { records, blobs, events } = parts
  const listeners = new Set<(parcel: Parcel) => void>()
  const onStored = (parcel: Parcel) => {
    for (const listener of listeners) listener(parcel)
  }
  return {
    async accept(draft, { resume = true } = {}) {
      if (draft.size > options.maxFileBytes) {
        throw new Failure(
          'over-limit',
          `Cannot take a file of ${draft.size} bytes: ${options.maxFileBytes} are allowed`,
        )
      }
      const terms = { holder: options.holder, forMs: leaseMs, keepMs: options.keepMs, quotas: options }
      const { parcel, lease } = await records.reserve(draft, terms).catch((error: unknown) => {
        if (error instanceof QuotaExceeded) events.quotaExceeded(error.limit, draft)
        throw error
      })
      const held = new HeldLease(parts, lease, { forMs: leaseMs })
      killPoint('parcel-reserved')
      try {
        // At least one byte is asked for: peers take an empty range for a mistake.
        const resumeAtMost = resume ? Math.max(0, parcel.size - 1) : 0
        const writer = await blobs.write(parcel.blob, { resumeAtMost })
        events.parcelAccepted(parcel, { resumedAt: writer.bytes })
        return new ReceivedParcel({ ...parts, onStored }, { parcel, writer, held }, options)
      } catch (error) {
        events.parcelGivenUp(parcel, error)
        await records.end(parcel.id, 'abandoned', lease).catch(() => {})
        await held.release()
        throw error
      }
    },
    onStored(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
