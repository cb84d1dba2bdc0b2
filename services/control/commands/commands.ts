import { formatBareJid, type Jid } from '../../shared/bytestream/jid.ts'
import { commandNodes } from '../../shared/commands/discovery.ts'
import { commandHandler, type EndedCommand } from '../../shared/commands/protocol.ts'
import { CommandSessions } from '../../shared/commands/sessions.ts'
import type { DiscoNodes } from '../../shared/xmpp/discovery.ts'
import { ns } from '../../shared/xmpp/xml.ts'
import type { IqRoute } from '../component/router.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { SelfTest } from '../self-test/self-test.ts'
import { listBytestreamsCommand } from './bytestreams.ts'
import { drainRelayCommand, undrainRelayCommand } from './drain-relay.ts'
import { endBytestreamCommand } from './end-bytestream.ts'
import { selfTestCommand } from './self-test.ts'
import { statisticsCommand } from './statistics.ts'

export interface CommandsOptions {
  readonly componentDomain: string
  /** All replicas have it, so it seals what one hands out and another gets back. */
  readonly componentSecret: string
  /** Bare JIDs, prepared, of those who may. */
  readonly admins: readonly string[]
}

export interface CommandsParts {
  readonly fleet: Fleet
  /** Without it there is no command for it. */
  readonly selfTest: Pick<SelfTest, 'run'> | undefined
  readonly events: { commandEnded(ended: EndedCommand): void }
}

/** Everything an administrator can do by XEP-0050, as the router and service discovery take it. */
export function createCommands(
  { fleet, selfTest, events }: CommandsParts,
  options: CommandsOptions,
): { readonly route: IqRoute; readonly nodes: DiscoNodes } {
  const mayUse = (jid: Jid) => options.admins.includes(formatBareJid(jid))
  const commands = [
    listBytestreamsCommand({ fleet }),
    endBytestreamCommand({ fleet }),
    drainRelayCommand({ fleet }),
    undrainRelayCommand({ fleet }),
    statisticsCommand({ fleet }),
    ...(selfTest ? [selfTestCommand({ selfTest })] : []),
  ]
  const sessions = new CommandSessions({}, options)
  return {
    route: {
      kind: 'command',
      type: 'set',
      name: 'command',
      namespace: ns.commands,
      handle: commandHandler({ commands, mayUse, sessions, events }),
    },
    nodes: commandNodes({ commands, mayUse }, options),
  }
}
