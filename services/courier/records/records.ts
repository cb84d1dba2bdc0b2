import type { NoticeKind, Parcel, ParcelDraft, ParcelOutcome } from '../parcels/parcel.ts'

/**
 * The record of every parcel, in SQL: PGlite inside this process, or PostgreSQL. It is the truth about parcels; blobs
 * without a row are garbage. All times are the database's. Every method is one transaction, durable when it resolves.
 * Throws `unavailable` when the database does not answer. Whoever opens it closes it.
 */
export interface Records {
  /**
   * Reserves quota and makes a parcel that is `receiving`; where this sender has such a one of the same identity, that
   * one. The caller gets its lease. Throws `QuotaExceeded`, and `taken` when somebody else is receiving it now.
   */
  reserve(draft: ParcelDraft, terms: ReserveTerms): Promise<{ parcel: Parcel; lease: Lease }>
  /** `receiving` → `stored`. From here on the promise holds. The notice for the sender is written in the same transaction. */
  store(lease: Lease, blob: { readonly sha256: string; readonly blocks: Buffer }): Promise<Parcel>
  /** `receiving` or `stored` → `ended`, with its notice where there is one for that outcome. False when it had ended. */
  end(id: string, outcome: ParcelOutcome, lease?: Lease): Promise<boolean>

  find(id: string): Promise<Parcel | undefined>
  findByLink(linkKey: string): Promise<Parcel | undefined>
  /** The block digests of a stored parcel. Throws `not-found`. */
  blocksOf(id: string): Promise<Buffer>
  /** What is stored for this bare JID and not delivered, oldest first. */
  waitingFor(recipient: string): Promise<Parcel[]>
  /** What this bare JID has sent and has not ended, oldest first. */
  sentBy(sender: string): Promise<Parcel[]>
  /** Bare JIDs for whom something is stored and not delivered. */
  recipients(): Promise<string[]>
  /** For administrators. */
  totals(): Promise<{ readonly parcels: number; readonly bytes: number; readonly receivingBytes: number }>

  /** The recipient was sent the link; nothing is noted when it has come back more often than `returns` meanwhile. */
  noteLinked(lease: Lease, returns: number): Promise<void>
  /** The message with the link came back: as if it had not been sent. False when the parcel waits for nobody any more. */
  noteUnlinked(id: string): Promise<boolean>
  /** A delivery by stream begins. */
  noteAttempt(lease: Lease): Promise<void>
  /** The recipient declined a stream; the notice is written, once for a parcel. */
  noteDeclined(lease: Lease): Promise<void>
  /**
   * All bytes were fetched by the link: counts it, and the first time writes the notice. Ends the parcel as delivered
   * when `maxDownloads` (0: no limit) is reached; the answer says whether it was allowed.
   */
  noteDownload(id: string, maxDownloads: number): Promise<boolean>

  /** Takes the lease of a name, `parcel/ID` or another, for this holder; undefined while anybody has it, himself too. */
  take(name: string, terms: LeaseTerms): Promise<Lease | undefined>
  /** False when it was lost: whoever had it must stop what he does under it. */
  renew(lease: Lease, forMs: number): Promise<boolean>
  release(lease: Lease): Promise<void>

  /**
   * Ends as `expired` what is past its time (as `delivered` where it was fetched by its link), and as `abandoned` what nobody
   * has been sending for `abandonAfterMs`, its own where its draft had one; the outcome of each. What somebody has the lease
   * of is left until he has not.
   */
  expire(terms: { readonly abandonAfterMs: number; readonly limit: number }): Promise<ParcelOutcome[]>
  /** Ended parcels whose blob is still there and that ended at least so long ago. */
  disposable(terms: { readonly graceMs: number; readonly limit: number }): Promise<Parcel[]>
  /** The blob is gone. The row stays for a while, so that a link can say that it has expired. */
  noteDisposed(id: string): Promise<void>
  /** Forgets what ended and was disposed of so long ago. */
  forget(terms: { readonly afterMs: number }): Promise<number>
  /** Stored parcels by their ids, those after this one. */
  storedAfter(id: string, limit: number): Promise<Parcel[]>
  /** Of these blob keys those that no row knows. */
  unknownBlobs(keys: readonly string[]): Promise<string[]>

  /** Notices that have not been sent, oldest first; taking one hides it for `forMs`, so that another replica does not send it too. */
  takeNotices(terms: { readonly forMs: number; readonly limit: number }): Promise<Notice[]>
  noticeSent(id: string): Promise<void>

  subscription(user: string): Promise<Subscription>
  setSubscription(user: string, subscription: Partial<Subscription>): Promise<void>
  /** Users who let us see their presence. */
  subscribers(): Promise<string[]>
  /** Users who see presence of ours, and whose. */
  followers(): Promise<Follower[]>

  /** Resolves when the database answers. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface ReserveTerms extends LeaseTerms {
  /** How long it is kept at most. */
  readonly keepMs: number
  readonly quotas: Quotas
}

/** Limits in bytes and numbers; 0 is no limit. Reserved counts as used. */
export interface Quotas {
  readonly bytesPerSender: number
  readonly parcelsPerSender: number
  /** In the 24 hours before now, ended ones included. */
  readonly dailyBytesPerSender: number
  readonly bytesPerRecipient: number
  readonly parcelsPerRecipient: number
  readonly totalBytes: number
}

export interface LeaseTerms {
  /** Who holds it: a name of this process that no other has, nor itself after a restart. */
  readonly holder: string
  readonly forMs: number
}

/** A time-limited right that only one holder has. Writes under a lease that was lost throw `taken`. */
export interface Lease {
  readonly name: string
  readonly holder: string
  /** Grows with every holder: a write with an older one is refused. */
  readonly fence: number
}

/** Something that somebody is to be told. At least once: a crash after sending repeats it, with the same id. */
export interface Notice {
  readonly id: string
  readonly kind: NoticeKind
  /** Bare JID. */
  readonly to: string
  readonly parcel: Parcel
}

/** A user, by his bare JID, and what he sees of us. */
export interface Follower extends Pick<Subscription, 'follows'> {
  readonly user: string
}

/** How a user and the courier stand (RFC 6121 §3): a component has no roster but this. */
export interface Subscription {
  /** He lets us see his presence. */
  readonly sees: boolean
  /** We have asked, and he has not answered. */
  readonly asked: boolean
  /** He said no: we do not ask again. */
  readonly refused: boolean
  /** Our addresses whose presence he may see, bare JIDs. */
  readonly follows: readonly string[]
}
