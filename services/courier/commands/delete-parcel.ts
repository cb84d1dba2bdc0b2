import { Failure } from '../../shared/bytestream/failure.ts'
import { formatBareJid, type Jid } from '../../shared/bytestream/jid.ts'
import { type Command, nodeOf } from '../../shared/commands/command.ts'
import { formatBytes } from '../../shared/runtime/format-bytes.ts'
import type { Parcel } from '../parcels/parcel.ts'
import type { Records } from '../records/records.ts'
import { parcelsOf } from './list-parcels.ts'
import { firstParcels } from './listing.ts'

export interface DeleteParts {
  readonly records: Pick<Records, 'waitingFor' | 'sentBy' | 'find' | 'end'>
  readonly isAdmin: (jid: Jid) => boolean
}

/**
 * Takes away a parcel that its giver has sent, or that waits for him; an administrator may name any. Taking away what
 * has ended does nothing.
 */
export function deleteParcelCommand({ records, isAdmin }: DeleteParts): Command {
  return {
    node: nodeOf('delete-parcel'),
    name: 'Delete a file',
    form: {
      asks: ['parcel'],
      async make(by) {
        if (isAdmin(by)) return { ask: { instructions: question, fields: [{ ...field, type: 'text-single' }] } }
        const own = firstParcels(await parcelsOf(records, by))
        if (own.length === 0) return { end: { notes: [{ type: 'info', text: 'There is no file of yours to delete' }] } }
        const options = own.map((parcel) => ({ value: parcel.id, label: describe(parcel, by) }))
        return { ask: { instructions: question, fields: [{ ...field, type: 'list-single', options }] } }
      },
    },
    async run({ parcel: id = '' }, by) {
      const parcel = await records.find(id)
      if (!parcel || !(isAdmin(by) || isParty(parcel, by))) {
        throw new Failure('not-found', `There is no file ${id} of yours`)
      }
      const ended = await records.end(id, 'deleted')
      const text = ended ? `${parcel.name} was deleted` : `${parcel.name} was gone already`
      return { notes: [{ type: 'info', text }] }
    },
  }
}

const question = 'Which file is to be deleted? It will not be delivered, and its link ends.'
const field = { name: 'parcel', label: 'File', required: true } as const

function isParty({ sender, recipient }: Parcel, by: Jid): boolean {
  const jid = formatBareJid(by)
  return jid === sender || jid === recipient
}

function describe({ name, size, sender, recipient }: Parcel, by: Jid): string {
  const whose = sender === formatBareJid(by) ? (recipient ? `to ${recipient}` : 'uploaded') : `from ${sender}`
  return `${name}, ${formatBytes(size)}, ${whose}`
}
