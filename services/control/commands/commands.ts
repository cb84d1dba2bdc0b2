import { formatBareJid, type Jid } from '../../shared/bytestream/jid.ts'
import type { DiscoNodes } from '../bytestreams/disco.ts'
import type { IqRoute } from '../component/router.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { SelfTest } from '../self-test/self-test.ts'
import { listBytestreamsCommand } from './bytestreams.ts'
import { commandNodes } from './discovery.ts'
import { drainRelayCommand, undrainRelayCommand } from './drain-relay.ts'
import { endBytestreamCommand } from './end-bytestream.ts'
import { commandRoute, type EndedCommand } from './protocol.ts'
import { selfTestCommand } from './self-test.ts'
import { CommandSessions } from './sessions.ts'
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
  const isAdmin = (jid: Jid) => options.admins.includes(formatBareJid(jid))
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
    route: commandRoute({ commands, isAdmin, sessions, events }),
    nodes: commandNodes({ commands, isAdmin }, options),
  }
}
