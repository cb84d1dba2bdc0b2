import type { FileSink } from '../../shared/transfer/file-sink.ts'
import type { Parcel, ParcelDraft } from './parcel.ts'

/** The one door by which a parcel comes in, whatever carries it. */
export interface Reception {
  /**
   * Reserves room for a parcel, or finds the one that an earlier, broken attempt of the same sender began. The sender and
   * the recipient have been admitted by then. Throws `QuotaExceeded`; `taken` while it is being received already;
   * `unavailable` when it cannot be kept now.
   */
  accept(draft: ParcelDraft): Promise<IncomingParcel>
  /** Calls back with every parcel that was stored here, when that is committed. The answer ends that. */
  onStored(listener: (parcel: Parcel) => void): () => void
}

/**
 * A parcel on its way in, under a lease that is renewed until `finish`, `keep` or `discard`. `finish` resolves with the
 * stored parcel when it is durable and committed: only then may its sender be told so.
 */
export interface IncomingParcel extends FileSink<Parcel> {
  readonly parcel: Parcel
}
