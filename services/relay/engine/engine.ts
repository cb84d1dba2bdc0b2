import type { Duplex } from 'node:stream'
import type { RateLimit } from './rate-limit.ts'

/** A connection as it comes to an engine: Node's socket, or a stream over one (a trunk inside TLS). */
export interface Connection extends Duplex {
  /** Bytes written to it, those that Node still keeps included. */
  readonly bytesWritten: number
  /** Closes it with a reset. */
  resetAndDestroy(): unknown
}

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
   * For a connection that is about to be held, while others already rely on it: whatever closes it but a good end sends a
   * reset from now on, the end of this process included. A FIN would pass for the end of a file. Node alone cannot do that
   * for a process that is killed, so the stream engine leaves it as it is.
   */
  guard(connection: Connection): void

  /**
   * Takes over a connection: from now on it is the engine's, which closes it. Whatever had to be written to it before
   * must have been flushed.
   */
  hold(connection: Connection, options: HoldOptions, watch: HeldWatch): Held

  /** Joins two sockets held in the same room. Both are used up; the flow ends them, and keeps to the limits. */
  join(first: Held, second: Held, limits?: readonly RateLimit[]): Flow

  /** What it uses and lacks; reading it costs nothing. */
  load(): EngineLoad

  /** Gives back what the engine itself has opened. Whatever it held or joined must have ended. */
  stop(): Promise<void>
}

/** What an engine that has pipes uses now, and since its start has had to do without. All zero where there are none. */
export interface EngineLoad {
  /** Pipes with bytes in them, and how many there may be. */
  readonly pipesLent: number
  readonly pipesMax: number
  /** Kernel memory of the pipes that are lent, of those that lie idle, and the budget of both together. */
  readonly pipeBytesLent: number
  readonly pipeBytesIdle: number
  readonly pipeBudgetBytes: number
  /** How often the kernel refused a pipe, or gave one too small to be of use. */
  readonly pipesRefused: number
  /** How often a direction had to wait for a pipe. */
  readonly pipeWaits: number
  /** Bytes that were copied because no pipe came free in time. */
  readonly copiedBytes: number
}

export interface HoldOptions {
  /** What was read from the socket already; it counts as its first bytes. */
  readonly prefix: Buffer
  /** The room it will be joined in: two that may be joined name the same. */
  readonly room: string
}

/** What can happen to a held socket. Nothing is called once the socket was joined or released. */
export interface HeldWatch {
  /** The client has sent its FIN; it can still be joined, and is owed what the other side sends. */
  finished(): void
  /** The connection is gone. */
  gone(): void
}

/** For a socket that is joined at once: what happens to it is its flow's to tell. */
export const unwatched: HeldWatch = { finished() {}, gone() {} }

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

/** How a flow ended: both directions finished, one side was reset, it was aborted, or the engine failed. */
export type FlowEnd =
  | { readonly how: 'finished' }
  | { readonly how: 'reset'; readonly side: 'first' | 'second' }
  | { readonly how: 'aborted' | 'crashed' }

/** Two sockets that are joined. */
export interface Flow {
  /** Counters of both directions; reading them costs nothing, and they stay after the end. */
  progress(): { readonly fromFirst: Progress; readonly fromSecond: Progress }
  /** Resolves once both sockets are closed. Never rejects. */
  readonly ended: Promise<FlowEnd>
  /** Resets both sides. */
  abort(): void
}
