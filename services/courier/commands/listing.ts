import { withinStanza } from '../../shared/commands/within-stanza.ts'
import type { FormField, FormTable } from '../../shared/xmpp/data-form.ts'
import type { Parcel } from '../parcels/parcel.ts'

/** Parcels as rows of a form; how many there is no room for. */
export function listParcels(parcels: readonly Parcel[]): { readonly table: FormTable; readonly more: number } {
  const listed = firstParcels(parcels)
  return { table: { columns, rows: listed.map(rowOf) }, more: parcels.length - listed.length }
}

/** The first parcels, no more than fit into one answer. */
export function firstParcels(parcels: readonly Parcel[]): readonly Parcel[] {
  return withinStanza(parcels, ({ name, sender, recipient = '' }) => name.length + sender.length + recipient.length)
}

const columns: readonly FormField[] = [
  { name: 'parcel', label: 'Parcel' },
  { name: 'name', label: 'File' },
  { name: 'size', label: 'Bytes' },
  { name: 'from', label: 'From', type: 'jid-single' },
  { name: 'to', label: 'To', type: 'jid-single' },
  { name: 'state', label: 'State' },
  { name: 'expires', label: 'Kept until' },
  { name: 'sha256', label: 'SHA-256' },
]

function rowOf(parcel: Parcel): (string | number)[] {
  const { id, name, size, sender, recipient = '', expiresAt, sha256 = '' } = parcel
  return [id, name, size, sender, recipient, progressOf(parcel), expiresAt.toISOString(), sha256]
}

/** How far a parcel is, in one word. */
function progressOf({ state, deliveredAt, linkedAt }: Parcel): string {
  if (state !== 'stored') return state
  return deliveredAt ? 'delivered' : linkedAt ? 'linked' : 'stored'
}
