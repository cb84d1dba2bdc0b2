import { Failure } from '../bytestream/failure.ts'

/**
 * Where a process can be made to die, in the order in which a bytestream passes them: between every two steps after
 * which somebody else knows more than before.
 */
export const bytestreamKillPoints = [
  // Relay: a client's connection becomes a half.
  'half-claimed',
  'half-answered',
  // Control: an activation.
  'activation-claimed',
  'activation-joined',
  // Relay that owns the bytestream: the handoff.
  'activation-reserved',
  'handoff-promised',
  'handoff-ready',
  'handoff-confirmed',
  'bytestream-joined',
  // Relay that holds the other half.
  'ticket-issued',
  'ticket-redeemed',
  'trunk-told',
  'trunk-answered',
] as const

/** The same for a parcel of the courier. */
export const parcelKillPoints = [
  // It comes in: its quota is reserved, its bytes are there, the file and then its folder are durable, and the record is.
  'parcel-reserved',
  'parcel-written',
  'parcel-synced',
  // In an object store; or, in the same place, on disk.
  'parcel-put',
  'parcel-renamed',
  'parcel-durable',
  'parcel-committed',
  // It is handed over, or its link sent, and its sender is told.
  'parcel-offering',
  'parcel-handed-over',
  'parcel-link-sent',
  'parcel-notice-sent',
] as const

export const killPoints = [...bytestreamKillPoints, ...parcelKillPoints] as const
export type KillPoint = (typeof killPoints)[number]

let armed: KillPoint | undefined
let die = () => {}

/**
 * Has `kill` run when the process comes to this point. `run()` alone arms one, by the variable `SPLICE65_KILL_POINT`,
 * which nothing but the fault suite sets. Throws `malformed` for a point that there is not; undefined disarms.
 */
export function armKillPoint(name: string | undefined, kill: () => void): void {
  armed = killPoints.find((point) => point === name)
  if (name !== undefined && armed === undefined) {
    throw new Failure('malformed', `SPLICE65_KILL_POINT must be one of ${killPoints.join(', ')}`)
  }
  die = kill
}

/** Names a point of the code at which a crash must do no harm. Nothing happens here unless it is armed. */
export function killPoint(name: KillPoint): void {
  if (name === armed) die()
}
