import { abbreviate } from '../bytestream/digest.ts'
import { Failure } from '../bytestream/failure.ts'
import type { Room } from '../bytestream/room.ts'

/** The refusal of a claim, the same from every registry. */
export function takenFailure(room: Room): Failure {
  return new Failure(
    'taken',
    `Cannot claim a slot of bytestream ${abbreviate(room.digest)}…: two halves wait in its room, or it is active`,
  )
}
