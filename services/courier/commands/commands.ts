import { formatBareJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import { commandNodes } from '../../shared/commands/discovery.ts'
import { type CommandRequest, commandHandler, type EndedCommand } from '../../shared/commands/protocol.ts'
import { CommandSessions } from '../../shared/commands/sessions.ts'
import type { DiscoNodes } from '../../shared/xmpp/discovery.ts'
import { attribute, type Element, ns } from '../../shared/xmpp/xml.ts'
import type { Ability } from '../addresses/ability.ts'
import type { Records } from '../records/records.ts'
import { parcelsOfUserCommand, storeStatisticsCommand } from './administer.ts'
import { deleteParcelCommand } from './delete-parcel.ts'
import { sentParcelsCommand, waitingParcelsCommand } from './list-parcels.ts'

export interface CourierCommandsParts {
  readonly records: Pick<Records, 'waitingFor' | 'sentBy' | 'find' | 'end' | 'totals'>
  /** Who may send, or be sent to: to strangers there are no commands. */
  readonly serves: (jid: Jid) => boolean
  readonly events: { commandEnded(ended: EndedCommand): void }
}

export interface CourierCommandsOptions {
  readonly componentDomain: string
  /** All replicas have it, so it seals what one hands out and another gets back. */
  readonly componentSecret: string
  /** Bare JIDs, prepared. */
  readonly admins: readonly string[]
}

/** Everything that users and administrators can do by XEP-0050 at the courier's own address. */
export function createCourierCommands(
  { records, serves, events }: CourierCommandsParts,
  options: CourierCommandsOptions,
): { readonly handle: (request: CommandRequest) => Promise<Element>; readonly nodes: DiscoNodes } {
  const isAdmin = (jid: Jid) => options.admins.includes(formatBareJid(jid))
  const ofUsers = [
    waitingParcelsCommand({ records }),
    sentParcelsCommand({ records }),
    deleteParcelCommand({ records, isAdmin }),
  ]
  const ofAdmins = [parcelsOfUserCommand({ records }), storeStatisticsCommand({ records })]
  const commands = [...ofUsers, ...ofAdmins]
  const mayUse = (jid: Jid, command: (typeof commands)[number]) =>
    isAdmin(jid) || (serves(jid) && ofUsers.includes(command))
  return {
    handle: commandHandler({ commands, mayUse, sessions: new CommandSessions({}, options), events }),
    nodes: commandNodes({ commands, mayUse }, options),
  }
}

/** The commands as an ability of the courier's own address. */
export function commandAbility(parts: CourierCommandsParts, options: CourierCommandsOptions): Ability {
  const { handle, nodes } = createCourierCommands(parts, options)
  return {
    // The nodes bring theirs.
    features: [],
    nodes,
    attend(session) {
      session.onIq({ type: 'set', name: 'command', namespace: ns.commands }, (payload, iq) => {
        const from = attribute(iq, 'from') ?? ''
        return handle({ from, requester: parseJid(from), payload })
      })
    },
  }
}
