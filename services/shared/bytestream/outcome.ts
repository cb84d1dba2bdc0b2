/** How a half-connection or a bytestream ended. */
export const outcomes = ['completed', 'expired', 'refused', 'aborted', 'exceeded', 'drained'] as const
export type Outcome = (typeof outcomes)[number]

/** Why it ended so: a closed set, so that it can be a metric label. */
export const reasons = {
  completed: ['finished'],
  expired: ['handshake', 'unactivated', 'idle', 'stalled', 'lifetime'],
  refused: ['malformed', 'forbidden', 'taken', 'over-limit', 'unavailable', 'draining'],
  aborted: ['reset', 'left', 'replaced', 'relay-lost', 'operator', 'internal'],
  exceeded: ['size', 'daily-bytes'],
  drained: ['deadline'],
} as const satisfies Record<Outcome, readonly string[]>

/** An outcome with its reason, as it stands in the log line and in the metric. */
export type Ending = { [O in Outcome]: { readonly outcome: O; readonly reason: (typeof reasons)[O][number] } }[Outcome]
