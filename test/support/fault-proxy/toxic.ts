/** Which way a toxic works: `upstream` from the client to the server, `downstream` back. */
export type Direction = 'upstream' | 'downstream'

/**
 * What can be done to a connection, in toxiproxy's words. `down` is not among them there either: it is the proxy's
 * own switch, `FaultProxy.down()`.
 */
export type Toxic =
  /** Every chunk comes late: by `latencyMs`, give or take up to `jitterMs`; their order stays. */
  | { readonly type: 'latency'; readonly latencyMs: number; readonly jitterMs?: number }
  /** At most so many bytes a second. */
  | { readonly type: 'bandwidth'; readonly bytesPerSecond: number }
  /** The end of the stream comes late. */
  | { readonly type: 'slow_close'; readonly delayMs: number }
  /** Nothing gets through; the connection closes after `timeoutMs`, or with 0 stays, and what came is sent when the toxic goes. */
  | { readonly type: 'timeout'; readonly timeoutMs: number }
  /** The connection is reset, `timeoutMs` after it was made or the toxic came. */
  | { readonly type: 'reset_peer'; readonly timeoutMs: number }
  /** Chunks are cut to `averageBytes`, give or take up to `variationBytes`, with `delayMs` between them. */
  | {
      readonly type: 'slicer'
      readonly averageBytes: number
      readonly variationBytes?: number
      readonly delayMs?: number
    }
  /** The connection closes after so many bytes. */
  | { readonly type: 'limit_data'; readonly bytes: number }
