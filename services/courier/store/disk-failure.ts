import { Failure, type FailureCode, messageOf } from '../../shared/bytestream/failure.ts'

const full = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** What the disk's refusal means: `over-limit` when it is full, else `unavailable`; what is not there may have a code of its own. */
export function diskFailure(cause: unknown, attempt: string, absent: FailureCode = 'unavailable'): Failure {
  if (cause instanceof Failure) return cause
  const code = errorCode(cause)
  if (full.includes(code)) return new Failure('over-limit', `${attempt}: the disk is full`, { cause })
  return new Failure(code === 'ENOENT' ? absent : 'unavailable', `${attempt}: ${messageOf(cause)}`, { cause })
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
