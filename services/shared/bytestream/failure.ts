/** What went wrong, in the project's own terms; every edge translates it once into its own language. */
export type FailureCode =
  | 'malformed'
  | 'forbidden'
  | 'not-found'
  | 'not-ready'
  | 'taken'
  | 'over-limit'
  | 'unavailable'
  | 'internal'

/**
 * An expected refusal. The message says what could not be done and with what; `cause` is what lies beneath.
 * Anything thrown that is not a `Failure` is a bug: the edge logs it with its stack and answers `internal`.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The failure itself, or `internal` around anything else. */
export function asFailure(error: unknown, attempt: string): Failure {
  if (error instanceof Failure) return error
  return new Failure('internal', `${attempt}: ${messageOf(error)}`, { cause: error })
}

/** What an error says, in one line; an attempt at several addresses says it for each of them. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
