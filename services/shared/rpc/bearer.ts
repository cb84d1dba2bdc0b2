import { createHash, timingSafeEqual } from 'node:crypto'
import { shownToken, tokensOf } from './tokens.ts'

/** The `authorization` value that shows the shared token; the first where there are several. */
export function bearer(rpcToken: string): string {
  return `Bearer ${shownToken(rpcToken)}`
}

/** Whether an `authorization` value carries one of these tokens; takes the same time whatever was given. */
export function carries(rpcToken: string, authorization: string | undefined): boolean {
  const given = sha256(authorization ?? '')
  const matches = tokensOf(rpcToken).map((token) => timingSafeEqual(given, sha256(bearer(token))))
  return matches.includes(true)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
