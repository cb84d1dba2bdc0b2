import type { Socket } from 'node:net'

/**
 * The only door to byte moving: hold a socket until its other half is there, join two, count, end. Every engine keeps
 * these promises (`engine.contract.ts`):
 * - nothing leaves a held socket before it is joined, and what it sent meanwhile is bounded and delivered first;
 * - bytes arrive in order and exactly; a FIN is passed on behind the last byte and leaves the other direction open;
 * - a reset on one side resets the other.
 */
export interface Engine {
  readonly name: string

  /**
   * Takes over a connected socket: from now on it is the engine's, which closes it. `prefix` is what was read from it
   * already; it counts as its first bytes. Whatever had to be written to it before must have been flushed.
   */
  hold(socket: Socket, prefix: Buffer, watch: HeldWatch): Held

  /** Joins two held sockets. Both are used up; the flow ends them. */
  join(first: Held, second: Held): Flow
}

/** What can happen to a held socket. Nothing is called once the socket was joined or released. */
export interface HeldWatch {
  /** The client has sent its FIN; it can still be joined, and is owed what the other side sends. */
  finished(): void
  /** The connection is gone. */
  gone(): void
}

/** A socket in the engine's hands that waits to be joined. */
export interface Held {
  /** Closes it. */
  release(): void
}

/** One direction of a flow, now. */
export interface Progress {
  /** Bytes that have been handed to the receiver's kernel. */
  readonly bytes: number
  /** True while bytes are at hand that the receiver does not take. */
  readonly blocked: boolean
}

/** How a flow ended by itself: both directions finished, or one side was reset. */
export type FlowEnd =
  | { readonly how: 'finished' }
  | { readonly how: 'reset'; readonly side: 'first' | 'second' }
  | { readonly how: 'aborted' }

/** Two sockets that are joined. */
export interface Flow {
  /** Counters of both directions; reading them costs nothing, and they stay after the end. */
  progress(): { readonly fromFirst: Progress; readonly fromSecond: Progress }
  /** Resolves once both sockets are closed. Never rejects. */
  readonly ended: Promise<FlowEnd>
  /** Resets both sides. */
  abort(): void
}
