import { parseJid } from '../../shared/bytestream/jid.ts'
import { type Command, nodeOf } from '../../shared/commands/command.ts'
import type { Records } from '../records/records.ts'
import { parcelsOf, resultOf } from './list-parcels.ts'

/** Shows an administrator what one user has sent and is to get. */
export function parcelsOfUserCommand({
  records,
}: {
  readonly records: Pick<Records, 'waitingFor' | 'sentBy'>
}): Command {
  return {
    node: nodeOf('parcels-of-user'),
    name: 'Files of a user',
    form: {
      asks: ['user'],
      make: async () => ({
        ask: { fields: [{ name: 'user', label: 'User (JID)', type: 'jid-single', required: true }] },
      }),
    },
    async run({ user = '' }) {
      const jid = parseJid(user)
      return resultOf(await parcelsOf(records, jid), `Nothing of ${user} is kept`)
    },
  }
}

/** Tells an administrator the store in numbers. */
export function storeStatisticsCommand({ records }: { readonly records: Pick<Records, 'totals'> }): Command {
  return {
    node: nodeOf('store-statistics'),
    name: 'Statistics',
    async run() {
      const { parcels, bytes, receivingBytes } = await records.totals()
      const shown = [
        { name: 'parcels', label: 'Files that are kept', values: [String(parcels)] },
        { name: 'bytes', label: 'Bytes that are kept', values: [String(bytes)] },
        { name: 'receiving-bytes', label: 'Bytes reserved for what is coming', values: [String(receivingBytes)] },
      ]
      return { form: { fields: shown } }
    },
  }
}
