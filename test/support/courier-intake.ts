import { createHash } from 'node:crypto'
import type { ParcelDraft } from '../../services/courier/parcels/parcel.ts'
import { createReception } from '../../services/courier/parcels/parcel-reception.ts'
import type { Reception } from '../../services/courier/parcels/reception.ts'
import { systemClock } from '../../services/shared/runtime/clock.ts'
import type { CourierStorage } from './courier-storage.ts'

/** Bytes of each parcel of the intake that is killed: more than a block, and not whole blocks. */
const size = 1_500_000

/** Bytes that only this name has. */
export function bytesOf(name: string, length = size): Buffer {
  return createHash('shake256', { outputLength: length }).update(name).digest()
}

/** A file of that name for bob, always the same. */
export function draftOf(name: string, length = size): ParcelDraft & { readonly recipient: string } {
  return {
    sender: 'alice@example.com',
    recipient: 'bob@example.com',
    name,
    size: length,
    mediaType: 'application/octet-stream',
    identity: name,
  }
}

/** Takes parcels in as a courier does; the sender's quota has room for two of them unless told otherwise. */
export function receptionOf(storage: CourierStorage, { bytesPerSender = 2 * size } = {}): Reception {
  const quotas = { bytesPerSender, parcelsPerSender: 0, dailyBytesPerSender: 0 }
  const others = { bytesPerRecipient: 0, parcelsPerRecipient: 0, totalBytes: 0 }
  const options = { holder: 'a', maxFileBytes: 1 << 30, keepMs: 86_400_000, scanFailure: 'refuse' as const }
  return createReception({ ...storage, scan: undefined, clock: systemClock }, { ...options, ...quotas, ...others })
}
