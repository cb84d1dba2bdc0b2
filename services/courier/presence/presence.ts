/** Who is there, as far as users let us see. */
export interface Presence {
  /** What is online of a user, the best for a delivery first: highest priority, latest. Empty when nothing is known. */
  resources(user: string): readonly OnlineResource[]
  /** Whether he lets us see his presence, by which he agreed to be offered files: not privileges, not directed presence. */
  agreed(user: string): Promise<boolean>
  /** Something waits for him: asks for his presence where that is allowed, once, and probes. */
  await(user: string): Promise<void>
  /** Calls back, with the bare JID, whenever a resource of his comes. The answer ends that. */
  onArrival(listener: (user: string) => void): () => void
}

/** One resource that is online. */
export interface OnlineResource {
  /** Full JID. */
  readonly jid: string
  readonly priority: number
}
