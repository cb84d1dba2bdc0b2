/** What bounds the bytestreams of one account together; 0 sets no bound. */
export interface AccountLimits {
  /** How many may be live at once. */
  readonly bytestreams: number
  /** How many bytes they may relay in one day, by UTC; what ran over it has been relayed all the same. */
  readonly dailyBytes: number
}

/**
 * What an account answers to a bytestream:
 * - `entered`: it is one of the account's now, until it leaves or its lease runs out;
 * - `again`: it was one already;
 * - `crowded`: as many as may be are live;
 * - `spent`: the bytes of the day are used up; there are new ones from `untilMs` on, in milliseconds since 1970.
 */
export type Entrance =
  | { readonly state: 'entered' | 'again' | 'crowded' }
  | { readonly state: 'spent'; readonly untilMs: number }

/** Bytes of one bytestream since its start: so many have been charged, so many there are. */
export interface Charge {
  /** The total of its last charge that was answered. */
  readonly charged: number
  readonly total: number
}

/**
 * Whose bytestreams are counted together, over all relays: a requester's or a domain's. Relays know their bytestreams
 * and renew them; those of a relay that was killed are forgotten when their leases run out.
 *
 * Every call may throw `unavailable` when the store does not answer in time.
 */
export interface Accounts {
  /** Counts a bytestream by the name `entry`, unless a limit forbids it. One that is counted already may always repeat it. */
  enter(account: string, entry: string, limits: AccountLimits): Promise<Entrance>

  /** Counts a live bytestream for another lease; what it takes no notice of are limits. */
  renew(account: string, entry: string): Promise<void>

  /**
   * The same, and charges what a bytestream has relayed since its last charge to the day. A charge that is repeated because its answer was
   * lost costs nothing. Gives the bytes of the day so far.
   */
  charge(account: string, entry: string, bytes: Charge): Promise<number>

  /** Counts a bytestream no more; a last charge goes before. */
  leave(account: string, entry: string): Promise<void>
}
