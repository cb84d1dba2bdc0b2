import { formatBareJid, type Jid } from '../../shared/bytestream/jid.ts'
import { type Command, type CommandResult, nodeOf } from '../../shared/commands/command.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Records } from '../records/records.ts'
import { listParcels } from './listing.ts'

/** Shows a user what is kept for him. */
export function waitingParcelsCommand({ records }: { readonly records: Pick<Records, 'waitingFor'> }): Command {
  return {
    node: nodeOf('waiting-parcels'),
    name: 'Files that wait for me',
    run: async (_, by) => resultOf(await records.waitingFor(formatBareJid(by)), 'Nothing waits for you'),
  }
}

/** Shows a user what he has sent and is still kept. */
export function sentParcelsCommand({ records }: { readonly records: Pick<Records, 'sentBy'> }): Command {
  return {
    node: nodeOf('sent-parcels'),
    name: 'Files that I have sent',
    run: async (_, by) => resultOf(await records.sentBy(formatBareJid(by)), 'Nothing that you have sent is kept'),
  }
}

/** What a user sent or is to get, both without what has ended, each parcel once. */
export async function parcelsOf(
  records: Pick<Records, 'waitingFor' | 'sentBy'>,
  user: Pick<Jid, 'local' | 'domain'>,
): Promise<Parcel[]> {
  const jid = formatBareJid({ ...user, resource: '' })
  const [waiting, sent] = await Promise.all([records.waitingFor(jid), records.sentBy(jid)])
  return [...new Map([...waiting, ...sent].map((parcel) => [parcel.id, parcel])).values()]
}

/** A list as the result of a command, or `none` where there is nothing to list. */
export function resultOf(parcels: readonly Parcel[], none: string): CommandResult {
  if (parcels.length === 0) return { notes: [{ type: 'info', text: none }] }
  const { table, more } = listParcels(parcels)
  return { notes: more > 0 ? [{ type: 'warn', text: `${more} more are not shown` }] : [], form: { table } }
}
