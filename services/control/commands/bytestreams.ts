import { type Command, type Note, nodeOf } from '../../shared/commands/command.ts'
import { withinStanza } from '../../shared/commands/within-stanza.ts'
import type { Bytestream, Fleet } from '../fleet/fleet.ts'

/** Lists the live bytestreams of the fleet, the longest running first. */
export function listBytestreamsCommand({ fleet }: { readonly fleet: Pick<Fleet, 'bytestreams'> }): Command {
  return {
    node: nodeOf('list-bytestreams'),
    name: 'List bytestreams',
    async run() {
      const { listed, notes } = await listBytestreams(fleet)
      return { notes, form: { table: { columns, rows: listed.map(rowOf) } } }
    },
  }
}

/** The longest running bytestreams, no more than an answer takes, and what must be said about the list. */
export async function listBytestreams(
  fleet: Pick<Fleet, 'bytestreams'>,
): Promise<{ readonly listed: readonly Bytestream[]; readonly notes: readonly Note[] }> {
  const { bytestreams, unanswered } = await fleet.bytestreams()
  const longestFirst = [...bytestreams].sort((a, b) => b.ageMs - a.ageMs)
  const listed = withinStanza(longestFirst, ({ requester, target }) => requester.length + target.length)
  const more = bytestreams.length - listed.length
  return {
    listed,
    notes: [
      ...(bytestreams.length === 0 ? [{ type: 'info' as const, text: 'No bytestream is live' }] : []),
      ...(more > 0 ? [{ type: 'warn' as const, text: `${more} more are live; splice65 ls shows them all` }] : []),
      ...unanswered.map(({ relay, fault }) => ({ type: 'warn' as const, text: `${relay} does not answer: ${fault}` })),
    ],
  }
}

const columns = [
  { name: 'relay', label: 'Relay' },
  { name: 'bytestream', label: 'Bytestream' },
  { name: 'requester', label: 'Requester', type: 'jid-single' },
  { name: 'target', label: 'Target', type: 'jid-single' },
  { name: 'seconds', label: 'Seconds' },
  { name: 'bytes-from-first', label: 'Bytes from the first half' },
  { name: 'bytes-from-second', label: 'Bytes from the second half' },
  { name: 'peer-relay', label: 'Relay of the other half' },
] as const

function rowOf(bytestream: Bytestream): (string | number)[] {
  const { relay, id, requester, target, ageMs, bytesFromFirst, bytesFromSecond, peerRelay } = bytestream
  return [relay, id, requester, target, Math.round(ageMs / 1_000), bytesFromFirst, bytesFromSecond, peerRelay]
}
