import { Failure } from '../../shared/bytestream/failure.ts'
import type { Quotas } from './records.ts'

/** A parcel would be more than a quota allows. */
export class QuotaExceeded extends Failure {
  readonly limit: keyof Quotas
  /** When there is room again as far as can be told; undefined when somebody must take something away first. */
  readonly retryAt: Date | undefined

  constructor(limit: keyof Quotas, message: string, retryAt?: Date) {
    super('over-limit', message)
    this.limit = limit
    this.retryAt = retryAt
  }
}
