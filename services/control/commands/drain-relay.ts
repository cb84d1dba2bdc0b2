import { type Command, type CommandForm, nodeOf } from '../../shared/commands/command.ts'
import type { Fleet, FleetRelay } from '../fleet/fleet.ts'

type DrainingFleet = Pick<Fleet, 'relays' | 'drain'>

/** Has a relay take nothing new, and let what is live come to its end. */
export function drainRelayCommand({ fleet }: { readonly fleet: DrainingFleet }): Command {
  return {
    node: nodeOf('drain-relay'),
    name: 'Drain a relay',
    form: choice(fleet, {
      draining: false,
      question: 'Which relay is to take nothing new, and let what is live come to its end?',
      none: 'Every relay drains already',
    }),
    async run({ relay = '' }) {
      const { waiting, bytestreams } = await fleet.drain(relay, true)
      const left = `${bytestreams} bytestreams and ${waiting} waiting half-connections are left on it`
      return { notes: [{ type: 'info', text: `${relay} drains: ${left}` }] }
    },
  }
}

/** Has a draining relay take new half-connections again. */
export function undrainRelayCommand({ fleet }: { readonly fleet: DrainingFleet }): Command {
  return {
    node: nodeOf('undrain-relay'),
    name: 'Stop draining a relay',
    form: choice(fleet, {
      draining: true,
      question: 'Which relay is to take bytestreams again?',
      none: 'No relay drains',
    }),
    async run({ relay = '' }) {
      await fleet.drain(relay, false)
      return { notes: [{ type: 'info', text: `${relay} takes bytestreams again` }] }
    },
  }
}

/** The choice among the relays that drain, or that do not. */
function choice(
  fleet: DrainingFleet,
  { draining, question, none }: { readonly draining: boolean; readonly question: string; readonly none: string },
): CommandForm {
  return {
    asks: ['relay'],
    async make() {
      const relays = (await fleet.relays()).filter((relay) => relay.draining === draining)
      if (relays.length === 0) return { end: { notes: [{ type: 'info', text: none }] } }
      const options = relays.map((relay) => ({ value: relay.name, label: describe(relay) }))
      return {
        ask: {
          instructions: question,
          fields: [{ name: 'relay', label: 'Relay', type: 'list-single', required: true, options }],
        },
      }
    },
  }
}

function describe({ name, status, fault }: FleetRelay): string {
  if (!status) return `${name}, which does not answer: ${fault}`
  return `${name} with ${status.bytestreams} bytestreams and ${status.waiting} waiting half-connections`
}
