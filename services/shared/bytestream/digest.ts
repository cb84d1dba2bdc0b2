import { createHash } from 'node:crypto'
import type { Jid } from './jid.ts'
import { formatJid } from './jid.ts'

/** SHA-1 of SID + requester JID + target JID: 40 lowercase hexadecimal digits (XEP-0065 §5.3.2). */
export type Digest = string & { readonly __digest: true }

const shape = /^[0-9a-f]{40}$/

/** The digest of prepared JIDs. The SID is taken to the letter. */
export function digestOf(sid: string, requester: Jid, target: Jid): Digest {
  return digestAsTyped(sid, formatJid(requester), formatJid(target))
}

/** The digest of JIDs exactly as written, for clients that hash what the user typed. */
export function digestAsTyped(sid: string, requester: string, target: string): Digest {
  return createHash('sha1')
    .update(sid + requester + target, 'utf8')
    .digest('hex') as Digest
}

/** Reads a digest in either case; undefined when it is not one. XEP-0065 leaves the case of the digits open. */
export function parseDigest(text: string): Digest | undefined {
  const lower = text.toLowerCase()
  return shape.test(lower) ? (lower as Digest) : undefined
}

/** The first 12 digits: enough to follow a bytestream through the logs, too few to claim it. */
export function abbreviate(digest: Digest): string {
  return digest.slice(0, 12)
}
