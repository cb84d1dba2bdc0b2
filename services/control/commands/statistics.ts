import { type Command, nodeOf } from '../../shared/commands/command.ts'
import type { Fleet, FleetStatistics } from '../fleet/fleet.ts'

/** Tells the fleet in numbers. */
export function statisticsCommand({ fleet }: { readonly fleet: Pick<Fleet, 'statistics'> }): Command {
  return {
    node: nodeOf('statistics'),
    name: 'Statistics',
    async run() {
      const statistics = await fleet.statistics()
      const { unanswered } = statistics
      return {
        notes: unanswered > 0 ? [{ type: 'warn', text: `${unanswered} relays do not answer: their numbers lack` }] : [],
        form: { fields: shown.map(([key, name, label]) => ({ name, label, values: [String(statistics[key])] })) },
      }
    },
  }
}

const shown = [
  ['relays', 'relays', 'Relays'],
  ['draining', 'draining', 'of these, draining'],
  ['unanswered', 'unanswered', 'of these, not answering'],
  ['bytestreams', 'bytestreams', 'Live bytestreams'],
  ['crossing', 'crossing', 'of these, across relays'],
  ['waiting', 'waiting', 'Half-connections that wait'],
  ['relayedBytes', 'relayed-bytes', 'Bytes relayed since the relays started'],
  ['socketsOpen', 'sockets-open', 'Open sockets'],
  ['socketsMax', 'sockets-max', 'Most sockets there can be'],
] as const satisfies readonly (readonly [keyof FleetStatistics, string, string])[]
