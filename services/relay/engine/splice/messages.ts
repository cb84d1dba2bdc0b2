import type { FlowEnd } from '../engine.ts'
import type { SharedRateLimit } from '../rate-limit.ts'
import type { PipeBudget } from './pipe-pool.ts'

/** What a worker is started with. */
export interface WorkerStart {
  /** The eventfd that says: look at your messages. */
  readonly wake: number
  readonly budget: PipeBudget
  /** How long sent data may stay unacknowledged before the kernel gives a connection up; 0 leaves it to the kernel. */
  readonly userTimeoutMs: number
  /** Where it tells its load. */
  readonly load: SharedArrayBuffer
  /** Where it notes the descriptors that it opens for itself. */
  readonly opened: SharedArrayBuffer
}

/** What the main thread asks of a worker. Ids are the main thread's to give, and never used twice. */
export type Order =
  /** Watch this descriptor, which is the worker's from now on; most have no prefix. */
  | { readonly order: 'hold'; readonly id: number; readonly fd: number; readonly prefix: Uint8Array | undefined }
  | { readonly order: 'release'; readonly id: number }
  /** Watch a held socket no more: its descriptor is the main thread's again. */
  | { readonly order: 'forget'; readonly id: number }
  /** Join two held sockets; count in `slot` of `counters`. */
  | {
      readonly order: 'join'
      readonly id: number
      readonly first: number
      readonly second: number
      readonly counters: SharedArrayBuffer
      readonly slot: number
      readonly limits: readonly SharedRateLimit[]
    }
  | { readonly order: 'abort'; readonly id: number }
  | { readonly order: 'stop' }

/** What a worker tells the main thread. */
export type Report =
  | { readonly report: 'finished'; readonly id: number }
  | { readonly report: 'gone'; readonly id: number }
  | { readonly report: 'released'; readonly id: number }
  | { readonly report: 'ended'; readonly id: number; readonly end: FlowEnd }
