/** What the courier keeps for somebody: a file on its way, or one that was uploaded to be linked to. */
export interface Parcel {
  /** 128 random bits, base64url. The same in every delivery, so that a receiver can tell a repeat. */
  readonly id: string
  /** Bare JID of who sent it, as his server stamped it. */
  readonly sender: string
  /** Bare JID of whom it is for; absent when it was uploaded by XEP-0363, and its sender tells people the link himself. */
  readonly recipient?: string
  /** As the sender wrote it: for showing, never for a path. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  readonly mediaType: string
  readonly description?: string
  /** Last change of the file, as the sender wrote it (XEP-0082). */
  readonly fileDate?: string
  /** SID of the offer that it came by: its sender knows it again by this in what he is told. */
  readonly sid?: string
  /** The offer asked for a receipt (XEP-0184), which goes with the word that it was delivered. */
  readonly receipt?: boolean
  readonly state: ParcelState
  /** Absent until it has ended. */
  readonly outcome?: ParcelOutcome
  /** Key of its bytes in the blob store. */
  readonly blob: string
  /** Of the whole, lowercase hex, computed on receipt; absent before it is stored. */
  readonly sha256?: string
  /** 192 random bits, base64url: who knows it may fetch the bytes by HTTP. */
  readonly linkKey: string
  readonly offeredAt: Date
  readonly storedAt?: Date
  readonly expiresAt: Date
  readonly endedAt?: Date
  /** When the recipient was sent the link. */
  readonly linkedAt?: Date
  /** Times the message with the link came back. */
  readonly linkReturns: number
  /** When the recipient first declined a stream: he is not asked again. */
  readonly declinedAt?: Date
  /** When the whole of it first reached somebody, by stream or by link. */
  readonly deliveredAt?: Date
  /** Times all bytes were fetched by the link. */
  readonly downloads: number
  /** Deliveries by stream that were tried. */
  readonly attempts: number
}

/**
 * `receiving`: offered and its quota reserved, bytes are coming; seen by nobody but its sender. `stored`: all is durable
 * and the sender was told so. `ended`: its bytes are gone or about to go, and `outcome` says why.
 */
export type ParcelState = 'receiving' | 'stored' | 'ended'

/**
 * `delivered`: the recipient has it. `expired`: nobody came for it in time. `deleted`: its sender, its recipient or an
 * administrator wished so. `abandoned`: the sender never sent all of it. `refused`: the malware scan did not let it pass.
 * `damaged`: the blob is not what was stored; it is in quarantine.
 */
export const parcelOutcomes = ['delivered', 'expired', 'deleted', 'abandoned', 'refused', 'damaged'] as const
export type ParcelOutcome = (typeof parcelOutcomes)[number]

/** A parcel that somebody wants to send, before anything is reserved. */
export interface ParcelDraft
  extends Pick<
    Parcel,
    'sender' | 'recipient' | 'name' | 'size' | 'mediaType' | 'description' | 'fileDate' | 'sid' | 'receipt'
  > {
  /** What tells this offer from another one of the same sender: a later offer with the same continues it. */
  readonly identity: string
  /** Earlier than the retention of the deployment, where the sender asks so. */
  readonly expiresAt?: Date
  /** How long it stays reserved when nothing comes, where that is not what the deployment says. The latest draft counts. */
  readonly abandonAfterMs?: number
}

/** What somebody is told about a parcel. The text is made where it is sent. */
export const noticeKinds = ['stored', 'delivered', 'declined', 'expired', 'deleted', 'refused', 'damaged'] as const
export type NoticeKind = (typeof noticeKinds)[number]
