import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What whoever shows the token of an upload slot may do: put these bytes, once. */
export interface SlotGrant {
  /** What tells this slot from all others: the identity of its parcel's draft. */
  readonly slot: string
  readonly linkKey: string
  /** In bytes. */
  readonly size: number
  /** Absent when the client did not say what it would send. */
  readonly mediaType?: string
  /** Until when the upload must have begun, in milliseconds since 1970. */
  readonly expiresAtMs: number
}

/** What the option is asked for. */
export interface SlotSecret {
  /** The first line signs, all are accepted. Asked for anew every time: its file may have others by then. */
  readonly uploadSecret: string
}

interface Key {
  readonly id: string
  readonly secret: string
}

/** `KEYID.GRANT.SIGNATURE`, in characters that need no quotes in a header. */
export function signSlot(grant: SlotGrant, { uploadSecret }: SlotSecret): string {
  const [key] = keysOf(uploadSecret)
  if (key === undefined) throw new Error('There is no secret to sign upload slots with')
  const { slot, linkKey, size, mediaType = null, expiresAtMs } = grant
  const written = Buffer.from(JSON.stringify([slot, linkKey, size, expiresAtMs, mediaType])).toString('base64url')
  const signed = `${key.id}.${written}`
  return `${signed}.${signature(signed, key).toString('base64url')}`
}

/** The grant of a token; undefined when no secret of ours has signed it. Whether it is too late is the caller's to see. */
export function readSlot(token: string, { uploadSecret }: SlotSecret): SlotGrant | undefined {
  const [, signed, id, written, given] = /^(([\w-]+)\.([\w-]+))\.([\w-]+)$/.exec(token) ?? []
  const key = keysOf(uploadSecret).find((candidate) => candidate.id === id)
  if (signed === undefined || written === undefined || given === undefined || key === undefined) return undefined
  const right = signature(signed, key).toString('base64url')
  // As text: several texts decode to the same bytes, and only the one we wrote is ours.
  if (given.length !== right.length || !timingSafeEqual(Buffer.from(given), Buffer.from(right))) return undefined
  const [slot, linkKey, size, expiresAtMs, mediaType] = JSON.parse(Buffer.from(written, 'base64url').toString())
  return { slot, linkKey, size, expiresAtMs, ...(mediaType !== null && { mediaType }) }
}

function signature(signed: string, { secret }: Key): Buffer {
  return createHmac('sha256', secret).update(`upload slot ${signed}`).digest()
}

function keysOf(uploadSecret: string): Key[] {
  return uploadSecret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((secret) => ({ secret, id: createHash('sha256').update(`key id ${secret}`).digest('base64url').slice(0, 8) }))
}
