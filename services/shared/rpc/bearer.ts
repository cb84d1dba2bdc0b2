import { createHash, timingSafeEqual } from 'node:crypto'

/** The `authorization` value that carries the shared token. */
export function bearer(token: string): string {
  return `Bearer ${token}`
}

/** Whether an `authorization` value carries this token; takes the same time whatever was given. */
export function carries(token: string, authorization: string | undefined): boolean {
  return timingSafeEqual(sha256(authorization ?? ''), sha256(bearer(token)))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
