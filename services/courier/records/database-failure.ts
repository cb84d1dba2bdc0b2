import { Failure, messageOf } from '../../shared/bytestream/failure.ts'

/**
 * Classes of SQLSTATE that say that the statement is wrong, not that the database is away: features, cardinality, data,
 * integrity, states of a transaction, names and syntax.
 */
const ourFault = /^(?:0A|21|22|23|25(?!006|P0[34])|26|2F|34|3F|42|44)...$/

/** Runs an attempt; what the database fails with becomes `unavailable`, unless it is a bug of ours. */
export async function asking<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (cause) {
    if (cause instanceof Failure || isBug(cause)) throw cause
    throw new Failure('unavailable', `Cannot ask the database: ${messageOf(cause)}`, { cause })
  }
}

function isBug(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && ourFault.test(error.code)
}
