import type { OutgoingHttpHeaders } from 'node:http'
import { Failure, type FailureCode } from '../../shared/bytestream/failure.ts'
import { BlobDamaged } from '../store/verified-blob.ts'

/** A request that does not get what it asked for, as HTTP says it. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'
  readonly status: number
  readonly headers: OutgoingHttpHeaders

  /** `text` is for people, and says nothing that a stranger should not know. */
  constructor(status: number, text: string, headers: OutgoingHttpHeaders = {}) {
    super(text)
    this.status = status
    this.headers = headers
  }
}

const answers: Record<FailureCode, readonly [status: number, text: string]> = {
  malformed: [400, 'The request cannot be understood'],
  forbidden: [403, 'The malware scan does not let the file pass'],
  'not-found': [404, 'There is no such file'],
  'not-ready': [409, 'Not now'],
  taken: [409, 'The file is being uploaded already'],
  'over-limit': [507, 'There is no room for the file'],
  unavailable: [503, 'Files cannot be reached now'],
  internal: [500, 'Something is wrong here; it was written down'],
}

/** Any error as a refusal. Of failures strangers are told the kind and nothing else: messages name users and machines. */
export function toHttpRefusal(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error
  if (error instanceof BlobDamaged) return new HttpRefusal(410, 'The file is no longer here')
  const code = error instanceof Failure ? error.code : 'internal'
  const [status, text] = answers[code]
  return new HttpRefusal(status, text, code === 'unavailable' || code === 'taken' ? { 'retry-after': '5' } : {})
}
