import type { Bytestream__Output as Bytestream } from '../../shared/rpc/generated/splice65/control/v1/Bytestream.ts'
import type { Relay__Output as Relay } from '../../shared/rpc/generated/splice65/control/v1/Relay.ts'
import type { RelayStatus__Output as RelayStatus } from '../../shared/rpc/generated/splice65/control/v1/RelayStatus.ts'
import type { Unanswered__Output as Unanswered } from '../../shared/rpc/generated/splice65/control/v1/Unanswered.ts'
import { formatBytes } from '../../shared/runtime/format-bytes.ts'
import { type Column, table } from '../columns.ts'
import { printable } from '../printable.ts'
import { formatSeconds } from '../progress.ts'

/** What a relay's column shows where the relay did not answer. */
export const UNKNOWN = '—'

/** The columns of a relay that `ls` and `top` share. */
export const relayColumns = {
  name: { title: 'RELAY', cell: ({ name }) => printable(name) },
  state: { title: 'STATE', cell: stateOf },
  bytestreams: said('BYTESTREAMS', ({ bytestreams }) => String(bytestreams)),
  legs: said('LEGS', ({ legs }) => String(legs)),
  waiting: said('WAITING', ({ waiting }) => String(waiting)),
  relayed: said('RELAYED', ({ relayedBytes, legBytes }) => formatBytes(relayedBytes + legBytes)),
  sockets: said('SOCKETS', ({ socketsOpen, socketsMax }) => `${socketsOpen}/${socketsMax}`),
  engine: { title: 'ENGINE', cell: ({ status }) => printable(status?.engine ?? UNKNOWN) },
  up: said('UP', ({ uptimeMs }) => formatSeconds(uptimeMs / 1000)),
  version: { title: 'VERSION', cell: ({ version }) => printable(version) },
  address: { title: 'ADDRESS', cell: ({ publicAddress }) => printable(publicAddress) },
} as const satisfies Record<string, Column<Relay>>

/** The columns of a bytestream that `ls` and `top` share. */
export const bytestreamColumns = {
  route: { title: 'ON', cell: routeOf },
  age: { title: 'AGE', cell: ({ ageMs }) => formatSeconds(ageMs / 1000), right: true },
  bytes: { title: 'BYTES', cell: (bytestream) => formatBytes(bytesOf(bytestream)), right: true },
  requester: { title: 'REQUESTER', cell: ({ requester }) => printable(requester) },
  target: { title: 'TARGET', cell: ({ target }) => printable(target) },
} as const satisfies Record<string, Column<Bytestream>>

/** `1 relay`, `2 relays`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes of both directions. */
export function bytesOf({ bytesFromFirst, bytesFromSecond }: Bytestream): number {
  return bytesFromFirst + bytesFromSecond
}

/** What `ls` shows: relays, bytestreams, and who did not answer. */
export function listing(
  relays: readonly Relay[],
  bytestreams: readonly Bytestream[],
  unanswered: readonly Unanswered[],
): string[] {
  const { name, state, waiting, legs, relayed, sockets, engine, up, version, address } = relayColumns
  const { route, age, bytes, requester, target } = bytestreamColumns
  const faults = new Map(relays.filter(({ fault }) => fault !== '').map((relay) => [relay.name, relay.fault]))
  for (const { relay, fault } of unanswered) faults.set(relay, fault)
  return [
    ...(relays.length === 0 ? ['No relay is known.'] : []),
    ...(relays.length === 0
      ? []
      : table(
          [name, state, relayColumns.bytestreams, legs, waiting, relayed, sockets, engine, up, version, address],
          relays,
        )),
    ...(bytestreams.length === 0
      ? []
      : ['', ...table([idColumn(bytestreams), route, age, bytes, requester, target], bytestreams)]),
    ...(faults.size === 0 ? [] : ['']),
    ...[...faults].map(([relay, fault]) => `${printable(relay)} did not answer: ${printable(fault)}`),
  ]
}

const SHORTEST_ID = 6

/** The column of ids, each as short as it may be for `end` to know which is meant. */
export function idColumn<B extends Bytestream>(bytestreams: readonly B[]): Column<B> {
  const ids = bytestreams.map(({ id }) => id)
  let length = SHORTEST_ID
  while (new Set(ids.map((id) => id.slice(0, length))).size < new Set(ids).size) length += 1
  return { title: 'ID', cell: ({ id }) => printable(id.slice(0, length)) }
}

function stateOf({ draining, status, missingMs }: Relay): string {
  if (!status) return missingMs > 0 ? `gone ${formatSeconds(missingMs / 1000)}` : 'silent'
  return draining ? 'draining' : 'ready'
}

function routeOf({ relay, peerRelay }: Bytestream): string {
  return printable(peerRelay === '' ? relay : `${relay} ↔ ${peerRelay}`)
}

/** A column of what only the relay itself can say. */
function said(title: string, cell: (status: RelayStatus) => string): Column<Relay> & { readonly right: true } {
  return { title, cell: ({ status }) => (status ? printable(cell(status)) : UNKNOWN), right: true }
}
