#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { systemClock } from '../shared/runtime/clock.ts'
import type { Surroundings } from './command.ts'
import { drainCommand } from './commands/drain.ts'
import { endCommand } from './commands/end.ts'
import { lsCommand } from './commands/ls.ts'
import { probeCommand } from './commands/probe.ts'
import { receiveCommand } from './commands/receive.ts'
import { selftestCommand } from './commands/selftest.ts'
import { sendCommand } from './commands/send.ts'
import { serveCommand } from './commands/serve.ts'
import { controlCommand, relayCommand } from './commands/service.ts'
import { topCommand } from './commands/top.ts'
import { exitCodeHelp, exitCodeOf, exitCodes } from './exit-code.ts'

const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort(new Error('interrupted')))
process.once('SIGTERM', () => interruption.abort(new Error('interrupted')))

const surroundings: Surroundings = {
  stdout: process.stdout,
  stderr: process.stderr,
  terminal: { input: process.stdin, output: process.stdout },
  env: process.env,
  clock: systemClock,
  signal: interruption.signal,
}

const program = new Command('splice65')
  .description('File transfer over XMPP, and the XEP-0065 proxy that carries it')
  .addCommand(sendCommand(surroundings))
  .addCommand(receiveCommand(surroundings))
  .addCommand(probeCommand(surroundings))
  .addCommand(lsCommand(surroundings))
  .addCommand(endCommand(surroundings))
  .addCommand(drainCommand(surroundings))
  .addCommand(topCommand(surroundings))
  .addCommand(selftestCommand(surroundings))
  .addCommand(serveCommand(surroundings))
  .addCommand(relayCommand())
  .addCommand(controlCommand())
  .addHelpText('after', exitCodeHelp)

// Commands inherit these only when they are made by their parent.
for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError()

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  else process.exitCode = interruption.signal.aborted ? exitCodes.interrupted : exitCodeOf(error)
}
