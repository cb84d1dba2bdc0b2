import { Command } from 'commander'
import { formatJid, type Jid } from '../../shared/bytestream/jid.ts'
import { carryOut } from '../../shared/commands/client.ts'
import { formatBytes } from '../../shared/runtime/format-bytes.ts'
import type { Session } from '../../shared/xmpp/session.ts'
import { type Column, table } from '../columns.ts'
import {
  type AccountFlags,
  login,
  parseJidArgument,
  perform,
  type ReportFlags,
  type Surroundings,
  withAccount,
} from '../command.ts'
import { discoverCourier } from '../courier.ts'
import { printable } from '../printable.ts'
import type { Reporter } from '../reporter.ts'

interface ParcelsFlags extends AccountFlags, ReportFlags {
  courier?: Jid
  delete?: string
}

/** A row as the courier tells it. */
type Row = Readonly<Record<string, string>>

export function parcelsCommand(surroundings: Surroundings): Command {
  const command = new Command('parcels')
    .description('list the files that a courier keeps for this account, and those it has sent; or delete one')
    .option('--courier <jid>', 'the courier; default: the one that the server lists', parseJidArgument)
    .option('--delete <parcel>', 'delete this one, of those that are listed')
    .option('--json', 'JSON lines instead of a table, one for each')
  return withAccount(command).action((flags: ParcelsFlags) => parcels(surroundings, flags))
}

async function parcels(surroundings: Surroundings, flags: ParcelsFlags): Promise<void> {
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const { signal } = surroundings
    const session = await login(surroundings, flags, '', reporter.warn, cleanup)
    const to = flags.courier ? formatJid(flags.courier) : await discoverCourier(session, signal)
    if (flags.delete === undefined) await list(session, to, signal, reporter)
    else await remove(session, to, flags.delete, signal, reporter)
  })
}

async function list(session: Session, to: string, signal: AbortSignal, reporter: Reporter): Promise<void> {
  const [waiting, sent] = await Promise.all([
    carryOut(session, { to, name: 'waiting-parcels', signal }),
    carryOut(session, { to, name: 'sent-parcels', signal }),
  ])
  const told = [...waiting.notes, ...sent.notes].filter(({ type }) => type === 'warn')
  for (const { text } of told) reporter.warn(text)
  const rows = [...waiting.rows, ...sent.rows]
  const events = [
    ...waiting.rows.map((row) => ({ event: 'waiting', ...readable(row) })),
    ...sent.rows.map((row) => ({ event: 'sent', ...readable(row) })),
  ]
  reporter.results(events, rows.length === 0 ? ['Nothing is kept'] : table(columns, rows))
}

async function remove(
  session: Session,
  to: string,
  parcel: string,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<void> {
  const { notes } = await carryOut(session, { to, name: 'delete-parcel', entries: { parcel }, signal })
  reporter.results(
    [{ event: 'deleted', parcel }],
    notes.map(({ text }) => printable(text)),
  )
}

const text = (field: string) => (row: Row) => printable(row[field] ?? '')
const columns: readonly Column<Row>[] = [
  { title: 'PARCEL', cell: text('parcel') },
  { title: 'FILE', cell: text('name') },
  { title: 'SIZE', cell: ({ size }) => formatBytes(Number(size)), right: true },
  { title: 'FROM', cell: text('from') },
  { title: 'TO', cell: text('to') },
  { title: 'STATE', cell: text('state') },
  { title: 'KEPT UNTIL', cell: text('expires') },
]

/** As JSON has it: the size is a number. */
function readable({ size, ...rest }: Row): Readonly<Record<string, unknown>> {
  return { ...rest, size: Number(size) }
}
