import fc from 'fast-check'
import { Failure } from '../bytestream/failure.ts'
import type { Room } from '../bytestream/room.ts'
import type { HalfRecord, Registry } from './registry.ts'

/** One call about a room, as data. */
export type Operation =
  | { readonly kind: 'claim' | 'renew' | 'release'; readonly half: HalfRecord }
  | { readonly kind: 'claimActivation'; readonly claimant: string }
  | { readonly kind: 'settleActivation'; readonly claimant: string; readonly joined: boolean }
  | { readonly kind: 'bury' }

const half = fc.record(
  {
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    relay: fc.constantFrom('relay-0', 'relay-1'),
    replaceable: fc.boolean(),
  },
  { noNullPrototype: true },
)
const claimant = fc.constantFrom('alice', 'bob')

/** Any history of one room; a tombstone is rare, for it ends the history. */
export const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('claim', 'renew', 'release'), half }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('claimActivation'), claimant }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('settleActivation'), claimant, joined: fc.constant(false) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('settleActivation'), claimant, joined: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('bury') }) },
  ),
  { maxLength: 25 },
)

/** Makes the call; the answer, or `taken`. */
export async function perform(registry: Registry, room: Room, operation: Operation): Promise<unknown> {
  switch (operation.kind) {
    case 'claim':
      return registry.claim(room, operation.half).catch(taken)
    case 'renew':
      return registry.renew(room, operation.half)
    case 'release':
      return registry.release(room, operation.half.id)
    case 'claimActivation':
      return registry.claimActivation(room, operation.claimant)
    case 'settleActivation':
      return registry.settleActivation(room, operation.claimant, operation.joined)
    case 'bury':
      return registry.bury(room)
  }
}

function taken(error: unknown): 'taken' {
  if (error instanceof Failure && error.code === 'taken') return 'taken'
  throw error
}
