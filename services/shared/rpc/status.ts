import { status as Status } from '@grpc/grpc-js'
import { Failure, type FailureCode } from '../bytestream/failure.ts'

const statusOf: Record<FailureCode, Status> = {
  malformed: Status.INVALID_ARGUMENT,
  forbidden: Status.PERMISSION_DENIED,
  'not-found': Status.NOT_FOUND,
  'not-ready': Status.FAILED_PRECONDITION,
  taken: Status.ALREADY_EXISTS,
  'over-limit': Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
  internal: Status.INTERNAL,
}

const codeOf = new Map<Status, FailureCode>(
  Object.entries(statusOf).map(([code, status]) => [status, code as FailureCode]),
)
codeOf.set(Status.DEADLINE_EXCEEDED, 'unavailable')
codeOf.set(Status.UNAUTHENTICATED, 'forbidden')

/** The gRPC status a failure leaves as. */
export function toStatus(failure: Failure): { code: Status; details: string } {
  return { code: statusOf[failure.code], details: failure.message }
}

/** The failure a gRPC status arrives as; `attempt` says what was being done. */
export function fromStatus(error: { code?: Status; details?: string }, attempt: string): Failure {
  const code = codeOf.get(error.code ?? Status.UNKNOWN) ?? 'internal'
  return new Failure(code, `${attempt}: ${error.details ?? 'no answer'}`, { cause: error })
}
