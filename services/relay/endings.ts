import type { Ending } from '../shared/bytestream/outcome.ts'

/** Every way a bytestream can end here: what is known beforehand is counted from 0, so that its rate is too. */
export const bytestreamEndings = [
  { outcome: 'completed', reason: 'finished' },
  { outcome: 'expired', reason: 'idle' },
  { outcome: 'expired', reason: 'stalled' },
  { outcome: 'expired', reason: 'lifetime' },
  { outcome: 'exceeded', reason: 'size' },
  { outcome: 'exceeded', reason: 'daily-bytes' },
  { outcome: 'aborted', reason: 'reset' },
  { outcome: 'aborted', reason: 'operator' },
  { outcome: 'aborted', reason: 'internal' },
  { outcome: 'drained', reason: 'deadline' },
] as const satisfies readonly Ending[]

/** Every way a half-connection can end here; `completed` means joined. */
export const halfEndings = [
  { outcome: 'completed', reason: 'finished' },
  { outcome: 'expired', reason: 'unactivated' },
  { outcome: 'refused', reason: 'over-limit' },
  { outcome: 'aborted', reason: 'left' },
  { outcome: 'aborted', reason: 'reset' },
  { outcome: 'aborted', reason: 'replaced' },
  { outcome: 'drained', reason: 'deadline' },
] as const satisfies readonly Ending[]
