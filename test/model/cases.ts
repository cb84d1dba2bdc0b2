import { type Case, type Client, type Fault, type RelayName, rooms } from './system.ts'

const crashes: readonly Fault[] = ['crash A', 'crash B', 'crash 1', 'crash 2']

/** The two who belong together and, when `third` is given, one more connection. */
export function clients(requester: RelayName, target: RelayName, third?: Omit<Client, 'name'>): Client[] {
  return [
    { name: 'r', relay: requester, room: rooms.own },
    { name: 't', relay: target, room: rooms.own },
    ...(third ? [{ name: 'x', ...third }] : []),
  ]
}

const own = (relay: RelayName) => ({ relay, room: rooms.own })
const spare = (relay: RelayName) => ({ relay, room: rooms.alt })

/** What is explored with every test. */
export const cases: readonly (readonly [what: string, given: Case])[] = [
  ['a third connection on another relay', { clients: clients('A', 'A', own('B')), faults: [] }],
  ['the relay of the second half crashes', { clients: clients('A', 'B'), faults: ['crash B'] }],
  ['a control crashes and the registry is lost', { clients: clients('A', 'A'), faults: ['crash 1', 'lose registry'] }],
]

/** What takes minutes. */
export const longCases: typeof cases = [
  ['two relays and any crash', { clients: clients('A', 'B'), faults: crashes }],
  [
    'one relay, any crash and the loss of the registry',
    { clients: clients('A', 'A'), faults: [...crashes, 'lose registry'] },
  ],
  ['two relays and the loss of the registry', { clients: clients('A', 'B'), faults: ['lose registry'] }],
  ['a third connection on one of two relays', { clients: clients('A', 'B', own('A')), faults: [] }],
  ['a spare connection of the target at another address', { clients: clients('A', 'B', spare('B')), faults: [] }],
  ['a third connection and any crash', { clients: clients('A', 'B', own('A')), faults: crashes }],
  [
    'a third connection and the loss of the registry',
    { clients: clients('A', 'A', own('B')), faults: ['lose registry'] },
  ],
  [
    'two relays, any crash and the loss of the registry',
    { clients: clients('A', 'B'), faults: [...crashes, 'lose registry'] },
  ],
]
