import type { Bytestream__Output as Bytestream } from '../../shared/rpc/generated/splice65/control/v1/Bytestream.ts'
import type { Relay__Output as Relay } from '../../shared/rpc/generated/splice65/control/v1/Relay.ts'
import { formatBytes } from '../../shared/runtime/format-bytes.ts'
import { type Column, fit, table } from '../columns.ts'
import { printable } from '../printable.ts'
import { bytesOf, bytestreamColumns, counted, idColumn, relayColumns, UNKNOWN } from './listing.ts'
import { type Snapshot, type Speeds, speedsBetween } from './speeds.ts'

/** What bytestreams can be ordered by, in the order of their keys. */
export const orders = ['rate', 'bytes', 'age'] as const
export type Order = (typeof orders)[number]

/** How the user looks at the fleet. */
export interface View {
  readonly order: Order
  /** How many bytestreams are above the first that is shown. */
  readonly scrolled: number
}

export const firstView: View = { order: 'rate', scrolled: 0 }

/** What `top` knows. */
export interface Watched {
  readonly before: Snapshot | undefined
  readonly now: Snapshot
  /** Why the last question had no answer; empty when it had. */
  readonly fault: string
}

/** Room on the screen, in characters. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The view after a key, by the key's name, where so many bytestreams run. */
export function viewAfter(key: string, view: View, count: number): View {
  const scroll = (by: number) => ({ ...view, scrolled: Math.max(0, Math.min(view.scrolled + by, count - 1)) })
  const order = (by: number): View => {
    const at = (orders.indexOf(view.order) + by + orders.length) % orders.length
    return { order: orders[at] ?? view.order, scrolled: 0 }
  }
  switch (key) {
    case 'up':
    case 'k':
      return scroll(-1)
    case 'down':
    case 'j':
      return scroll(1)
    case 'right':
    case 's':
      return order(1)
    case 'left':
      return order(-1)
    default:
      return view
  }
}

/** The screen as lines, none longer and not more than there is room; `rows` may be infinite. */
export function frame({ before, now, fault }: Watched, view: View, { columns, rows }: Size): string[] {
  const speeds = speedsBetween(before, now)
  const relays = now.relays.length === 0 ? ['No relay is known.'] : table(relayTable(speeds), now.relays)
  const top = [
    headline(now, speeds),
    fault === '' ? '' : printable(`no answer: ${fault}; what follows is old`),
    ...shortened(relays, Math.max(3, Math.floor(rows / 2) - 3)),
    '',
  ]
  const keys = `sort by ${view.order}: ← →   scroll: ↑ ↓   quit: q`
  const sorted = inOrder(now.bytestreams, view.order, speeds)
  const streams = sorted.length === 0 ? ['No bytestream runs.'] : table(bytestreamTable(sorted, speeds), sorted)
  const [titles = '', ...lines] = streams
  const room = Math.max(0, rows - top.length - 2)
  const skipped = Math.min(view.scrolled, Math.max(0, lines.length - room))
  const shown = [...top, titles, ...lines.slice(skipped, skipped + room)].slice(0, Math.max(0, rows - 1))
  return [...shown, keys].map((line) => fit(line, columns))
}

/** As many lines, the last of which says how many there would be more. */
function shortened(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 1), `… and ${lines.length - most + 1} more: splice65 ls`]
}

function headline({ relays, bytestreams }: Snapshot, { total }: Speeds): string {
  const draining = relays.filter((relay) => relay.draining).length
  const silent = relays.filter(({ status }) => !status).length
  const waiting = relays.reduce((sum, { status }) => sum + (status?.waiting ?? 0), 0)
  return [
    `splice65  ${counted(relays.length, 'relay')}${draining > 0 ? `, ${draining} draining` : ''}${silent > 0 ? `, ${silent} silent` : ''}`,
    counted(bytestreams.length, 'bytestream'),
    `${waiting} waiting`,
    `${formatBytes(total)}/s`,
  ].join('  ·  ')
}

function relayTable(speeds: Speeds): Column<Relay>[] {
  const { name, state, bytestreams, legs, waiting, sockets, up, version } = relayColumns
  const rate = ({ name: relay }: Relay) => rateOf(speeds.relays.get(relay))
  return [name, state, { title: 'RATE', cell: rate, right: true }, bytestreams, legs, waiting, sockets, up, version]
}

function bytestreamTable(bytestreams: readonly Bytestream[], speeds: Speeds): Column<Bytestream>[] {
  const { route, age, bytes, requester, target } = bytestreamColumns
  const rate = ({ id }: Bytestream) => rateOf(speeds.bytestreams.get(id))
  return [idColumn(bytestreams), { title: 'RATE', cell: rate, right: true }, bytes, age, route, requester, target]
}

function rateOf(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined ? UNKNOWN : `${formatBytes(bytesPerSecond)}/s`
}

/** The most first. */
function inOrder(bytestreams: readonly Bytestream[], order: Order, speeds: Speeds): Bytestream[] {
  const measure: Record<Order, (bytestream: Bytestream) => number> = {
    rate: ({ id }) => speeds.bytestreams.get(id) ?? 0,
    bytes: bytesOf,
    age: ({ ageMs }) => ageMs,
  }
  return bytestreams.toSorted((a, b) => measure[order](b) - measure[order](a))
}
