import { Failure } from '../../shared/bytestream/failure.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import type { Lease, Records } from '../records/records.ts'

/** How long a lease outlives the process that had it. */
const leaseMs = 60_000
/** Several renewals may fail before it is lost. */
const renewMs = 15_000

export interface UnderLeaseParts {
  readonly records: Pick<Records, 'take' | 'renew' | 'release'>
  readonly clock: Clock
}

/**
 * Does something while holding the lease of a name, and gives it back. Undefined while somebody else has it. What is done
 * gets a signal that aborts when the lease is lost, or with `signal`.
 */
export async function underLease<Result>(
  { records, clock }: UnderLeaseParts,
  { name, holder, signal }: { readonly name: string; readonly holder: string; readonly signal: AbortSignal },
  work: (lease: Lease, signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const lease = await records.take(name, { holder, forMs: leaseMs })
  if (!lease) return undefined
  const lost = new AbortController()
  const renew = () => {
    records.renew(lease, leaseMs).then(
      (held) => {
        if (!held) lost.abort(new Failure('taken', `The lease of ${name} was lost`))
      },
      // A database that is away for a moment takes no lease away; writes under a lost one are refused.
      () => {},
    )
    cancel = clock.after(renewMs, renew)
  }
  let cancel = clock.after(renewMs, renew)
  try {
    return await work(lease, AbortSignal.any([signal, lost.signal]))
  } finally {
    cancel()
    // What cannot be given back runs out by itself.
    await records.release(lease).catch(() => {})
  }
}
