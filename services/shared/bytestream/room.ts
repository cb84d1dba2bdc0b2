import type { Digest } from './digest.ts'

/**
 * Where two halves meet: one room per digest **and streamhost**. A target may dial every address of an offer at once
 * and leave the extras open, so its own connections must never be taken for a pair.
 */
export interface Room {
  readonly digest: Digest
  /** Resource of the streamhost JID that was dialled; empty for the main shared address. */
  readonly streamhost: string
}

/** One string per room, for maps. */
export function roomKey(room: Room): string {
  return `${room.digest}:${room.streamhost}`
}
