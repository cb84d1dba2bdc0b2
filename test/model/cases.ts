import type { Case, Client, Fault, RelayName, RoomName } from './system.ts'

const crashes: readonly Fault[] = ['crash A', 'crash B', 'crash 1', 'crash 2']
const loss: readonly Fault[] = ['flush registry', 'stop registry']
const outage: readonly Fault[] = ['stop registry', 'start registry']

/** The two who belong together, by the relays that they dial, and one more connection when `third` is given. */
export function clients(alice: RelayName, bob: RelayName, third?: RelayName, room: RoomName = 'own'): Client[] {
  return [
    { name: 'alice', relay: alice, room: 'own' },
    { name: 'bob', relay: bob, room: 'own' },
    ...(third ? [{ name: 'carol', relay: third, room }] : []),
  ]
}

/** What is explored with every test. */
export const cases: readonly (readonly [what: string, given: Omit<Case, 'mutation'>])[] = [
  [
    'two on one relay, any crash and the loss of the registry',
    { clients: clients('A', 'A'), faults: [...crashes, ...loss] },
  ],
  ['two on two relays, any crash', { clients: clients('A', 'B'), faults: crashes }],
  ['two on two relays, the loss of the registry', { clients: clients('A', 'B'), faults: loss }],
  ['two on one relay, a third on the other', { clients: clients('A', 'A', 'B'), faults: [] }],
  ['two on two relays, a third on one of them', { clients: clients('A', 'B', 'A'), faults: [] }],
]

/**
 * Three clients, two relays, two controls, one crash and one loss of the registry, at any time each. These are all the
 * ways in which the clients can come to the relays:
 * - The two who come first have dialled when it begins. To come later would be no other run: until the third comes, a
 *   client on its way and one whose claim is on its way differ for nobody.
 * - Where relays change names nothing changes but this: of halves that have waited equally long, the one on A is thought
 *   of as the first. It makes no difference to two on one relay.
 */
const placements: readonly Parameters<typeof clients>[] = [
  ['A', 'A', 'A', 'own'],
  ['A', 'A', 'B', 'own'],
  ['B', 'B', 'A', 'own'],
  ['A', 'B', 'A', 'own'],
  ['A', 'B', 'B', 'own'],
  ['A', 'A', 'A', 'alt'],
  ['A', 'A', 'B', 'alt'],
  ['A', 'B', 'A', 'alt'],
  ['A', 'B', 'B', 'alt'],
]

/** What takes minutes each: the whole product, and a registry that comes back. */
export const longCases: typeof cases = [
  ...placements.map(([alice, bob, third, room]) => {
    const what = `alice on ${alice}, bob on ${bob}, carol ${room === 'own' ? '' : 'by another address '}on ${third}`
    return [
      `${what}, any crash and the loss of the registry`,
      { clients: clients(alice, bob, third, room), faults: [...crashes, ...loss] },
    ] as const
  }),
  [
    'one relay, any crash and an outage of the registry',
    { clients: clients('A', 'A'), faults: [...crashes, ...outage] },
  ],
  [
    'two relays, any crash and an outage of the registry',
    { clients: clients('A', 'B'), faults: [...crashes, ...outage] },
  ],
  ['a third on the other relay, an outage of the registry', { clients: clients('A', 'A', 'B'), faults: outage }],
  ['a third on one of two relays, an outage of the registry', { clients: clients('A', 'B', 'A'), faults: outage }],
]
