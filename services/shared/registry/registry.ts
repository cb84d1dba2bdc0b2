import type { Room } from '../bytestream/room.ts'
import type { Accounts } from './accounts.ts'

/** A half-connection as the registry knows it: a name and the relay that holds the socket. */
export interface HalfRecord {
  /** Random, unique across relays. */
  readonly id: string
  /** Name of the relay that holds it: `RelayRecord.name`. */
  readonly relay: string
  /** True once the client has sent its FIN: the half can still be activated, but a newcomer may take its slot. */
  readonly replaceable: boolean
}

/** What a successful claim won. */
export interface Claim {
  /** Which of the two slots. */
  readonly slot: 'first' | 'second'
  /** The replaceable half whose slot was taken, if there was one. */
  readonly replaced?: HalfRecord
}

/**
 * What an activation finds:
 * - `waiting`: fewer than two halves, nothing was claimed;
 * - `claimed`: two halves, and the activation is the caller's until it settles it or its lease runs out;
 * - `activating`: another activation of this room holds the lease;
 * - `activated`: the room's bytestream is live, or ended less than a minute ago.
 */
export type ActivationClaim =
  | { readonly state: 'waiting'; readonly halves: readonly HalfRecord[] }
  | { readonly state: 'claimed'; readonly halves: readonly [first: HalfRecord, second: HalfRecord] }
  | { readonly state: 'activating' }
  | { readonly state: 'activated' }

/** A relay as it announces itself. */
export interface RelayRecord {
  /** Unique among relays: the pod's name. */
  readonly name: string
  /** host:port of its gRPC server. */
  readonly rpcAddress: string
  /** The pod's own streamhost address that clients can dial, while it has one; the host as `parseHost` gives it. */
  readonly streamhost?: { readonly host: string; readonly port: number }
  /** Half-connections and bytestreams it carries now: the least loaded are advertised first. */
  readonly load: number
  /** Half-connections that wait there now. Without it the relay is of a version that does not say. */
  readonly waiting?: number
  /** True when it takes nothing new and must not be advertised. */
  readonly draining: boolean
  readonly version: string
  /** Says that a relay with the shared token wrote this, at this time since 1970: see `sealRelay`. */
  readonly seal?: { readonly atMs: number; readonly mac: string }
}

/**
 * The shared index from a room to the halves that wait in it, and from a relay's name to its address. It is an index,
 * never the truth: relays know their sockets, and renew what they hold, so that a registry that was lost or flushed
 * fills again. Whoever creates a registry closes it.
 *
 * Every call may throw `unavailable` when the store does not answer in time.
 */
export interface Registry {
  /**
   * Claims a slot of a room: the first two win, atomically. A replaceable half gives way to a newcomer, unless an
   * activation holds the room. Repeating a claim that was won answers the same slot.
   * Throws `taken` when both slots are held, or when the room's bytestream is or was just active.
   */
  claim(room: Room, half: HalfRecord): Promise<Claim>

  /**
   * Extends the lease of a half, and writes its record anew: after a flush it re-registers it, after a FIN it marks it
   * replaceable. False when the room has no place for it any more; the caller keeps its socket all the same.
   */
  renew(room: Room, half: HalfRecord): Promise<boolean>

  /** Frees the slot of this half, and only if it is still this half's. */
  release(room: Room, halfId: string): Promise<void>

  /** Claims the activation of a room; `claimant` is a random name that settles it later. Idempotent for one claimant. */
  claimActivation(room: Room, claimant: string): Promise<ActivationClaim>

  /**
   * Ends this claimant's activation: `joined` leaves a tombstone in the room, whoever holds the claim by now; otherwise
   * both halves wait on.
   */
  settleActivation(room: Room, claimant: string, joined: boolean): Promise<void>

  /** Leaves a tombstone for `tombstoneMs`: nobody can claim the room, and repeated activations find it activated. */
  bury(room: Room): Promise<void>

  /** Announces a relay, or refreshes it; it is listed until its lease runs out. Answers what `relays` does, itself among them. */
  announce(relay: RelayRecord): Promise<RelayRecord[]>

  /** Takes a relay off the list at once. */
  withdraw(relayName: string): Promise<void>

  /** The relays whose lease has not run out, in the order of their names. */
  relays(): Promise<RelayRecord[]>

  /** Whose bytestreams are counted together. */
  readonly accounts: Accounts

  /** Whether the store can be reached, as far as its connection tells. */
  readonly reachable: boolean

  /** Calls back whenever the store can be reached again after it could not: time to renew everything. Returns the way to stop. */
  onReturn(listener: () => void): () => void

  /** Gives the connection back. */
  close(): Promise<void>
}

/** How long the registry remembers, in milliseconds. */
export interface RegistryTerms {
  /** A half that is not renewed is forgotten after this. */
  readonly halfLeaseMs: number
  /** An activation that is not settled is void after this. */
  readonly activationLeaseMs: number
  /** A room stays closed this long after its bytestream was joined or buried. */
  readonly tombstoneMs: number
  /** A relay that is not announced again is off the list after this. */
  readonly relayLeaseMs: number
  /** A bytestream that is not renewed in an account is not counted there any more after this. */
  readonly entryLeaseMs: number
}

export const defaultTerms: RegistryTerms = {
  halfLeaseMs: 30_000,
  activationLeaseMs: 10_000,
  tombstoneMs: 60_000,
  relayLeaseMs: 10_000,
  entryLeaseMs: 30_000,
}
