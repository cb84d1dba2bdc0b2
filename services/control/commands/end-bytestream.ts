import { Failure } from '../../shared/bytestream/failure.ts'
import { type Command, nodeOf } from '../../shared/commands/command.ts'
import type { Bytestream, Fleet } from '../fleet/fleet.ts'
import { listBytestreams } from './bytestreams.ts'

/** Ends the bytestream that is chosen from those that are live. */
export function endBytestreamCommand({ fleet }: { readonly fleet: Pick<Fleet, 'bytestreams' | 'end'> }): Command {
  return {
    node: nodeOf('end-bytestream'),
    name: 'End a bytestream',
    form: {
      asks: ['bytestream'],
      async make() {
        const { listed, notes } = await listBytestreams(fleet)
        if (listed.length === 0) return { end: { notes } }
        const question = 'Which bytestream is to end? Both clients see their connection reset.'
        const options = listed.map((each) => ({ value: `${each.relay}/${each.id}`, label: describe(each) }))
        return {
          ask: {
            instructions: [question, ...notes.map(({ text }) => text)].join(' '),
            fields: [{ name: 'bytestream', label: 'Bytestream', type: 'list-single', required: true, options }],
          },
        }
      },
    },
    async run({ bytestream = '' }) {
      const [relay = '', id = ''] = bytestream.split('/')
      if (relay === '' || id === '') throw new Failure('malformed', `Not a bytestream (RELAY/ID): ${bytestream}`)
      await fleet.end(relay, id)
      return { notes: [{ type: 'info', text: `Bytestream ${id} on ${relay} was ended` }] }
    },
  }
}

function describe({ relay, requester, target, ageMs, bytesFromFirst, bytesFromSecond }: Bytestream): string {
  const mebibytes = ((bytesFromFirst + bytesFromSecond) / 2 ** 20).toFixed(1)
  return `${requester} with ${target}, ${mebibytes} MiB in ${Math.round(ageMs / 1_000)} s on ${relay}`
}
