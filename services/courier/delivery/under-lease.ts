import type { Clock } from '../../shared/runtime/clock.ts'
import { HeldLease } from '../records/held-lease.ts'
import type { Lease, Records } from '../records/records.ts'

/** How long nobody else may deliver a parcel after its deliverer was killed. */
const leaseMs = 30_000

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
  const held = new HeldLease({ records, clock }, lease, { forMs: leaseMs })
  try {
    return await work(lease, AbortSignal.any([signal, held.lost]))
  } finally {
    await held.release()
  }
}
