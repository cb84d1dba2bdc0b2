import { Command } from 'commander'
import { version } from '../shared/runtime/version.ts'
import type { Surroundings } from './command.ts'
import { drainCommand } from './commands/drain.ts'
import { endCommand } from './commands/end.ts'
import { lsCommand } from './commands/ls.ts'
import { parcelsCommand } from './commands/parcels.ts'
import { probeCommand } from './commands/probe.ts'
import { receiveCommand } from './commands/receive.ts'
import { selftestCommand } from './commands/selftest.ts'
import { sendCommand } from './commands/send.ts'
import { serveCommand } from './commands/serve.ts'
import { controlCommand, courierCommand, relayCommand } from './commands/service.ts'
import { topCommand } from './commands/top.ts'
import { exitCodeHelp, exitCodeOf, exitCodes } from './exit-code.ts'

/**
 * Runs the command that the arguments name, and gives its exit code: undefined where nothing went wrong, or where the
 * command has set it.
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number | undefined> {
  const program = new Command('splice65')
    .description('File transfer over XMPP, and the XEP-0065 proxy that carries it')
    .version(version, '-V, --version', 'print the version')
    .addCommand(sendCommand(surroundings))
    .addCommand(receiveCommand(surroundings))
    .addCommand(parcelsCommand(surroundings))
    .addCommand(probeCommand(surroundings))
    .addCommand(lsCommand(surroundings))
    .addCommand(endCommand(surroundings))
    .addCommand(drainCommand(surroundings))
    .addCommand(topCommand(surroundings))
    .addCommand(selftestCommand(surroundings))
    .addCommand(serveCommand(surroundings))
    .addCommand(relayCommand())
    .addCommand(controlCommand())
    .addCommand(courierCommand())
    .addHelpText('after', exitCodeHelp)

  // Commands inherit these only when they are made by their parent.
  for (const command of [program, ...program.commands]) {
    const name = command === program ? 'splice65' : `splice65 ${command.name()}`
    command.exitOverride().showHelpAfterError(`${name} --help tells what can be given`)
  }

  try {
    await program.parseAsync(argv)
    return undefined
  } catch (error) {
    return surroundings.signal.aborted ? exitCodes.interrupted : exitCodeOf(error)
  }
}
