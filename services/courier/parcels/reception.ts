import type { FileSink } from '../../shared/transfer/file-sink.ts'
import type { Parcel, ParcelDraft } from './parcel.ts'

/** The one door by which a parcel comes in, whatever carries it. */
export interface Reception {
  /**
   * Reserves room for a parcel, or finds the one that an earlier, broken attempt of the same sender began. The sender and
   * the recipient have been admitted by then. Throws `QuotaExceeded`; `taken` while it is being received already;
   * `unavailable` when it cannot be kept now. Without `resume` (default true) the bytes of an earlier attempt are dropped:
   * for senders who can only begin again, and whose bytes may be others by then.
   */
  accept(draft: ParcelDraft, options?: { readonly resume?: boolean }): Promise<IncomingParcel>
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
