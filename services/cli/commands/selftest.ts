import { Command } from 'commander'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { SelfTestResponse__Output as SelfTest } from '../../shared/rpc/generated/splice65/control/v1/SelfTestResponse.ts'
import { perform, type Surroundings } from '../command.ts'
import { type ControlFlags, openControl, withControl } from '../operator/control.ts'
import { printable } from '../printable.ts'

/** Every advertised address in turn, each with its own patience. */
const TEST_MS = 300_000

export function selftestCommand(surroundings: Surroundings): Command {
  const command = new Command('selftest')
    .description(
      'let control send bytes through every advertised address and relay; exit code 1 where they do not pass',
    )
    .option('--json', 'a JSON line instead of text')
  return withControl(command).action((flags: ControlFlags) => selftest(surroundings, flags))
}

async function selftest(surroundings: Surroundings, flags: ControlFlags): Promise<void> {
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const control = await openControl(surroundings, flags, cleanup)
    const report = await control.selfTest({}, { timeoutMs: TEST_MS })
    reporter.results([{ event: 'tested', ...report }], verdicts(report))
    if (!report.passed) throw new Failure('internal', 'The self-test failed')
  })
}

/** A line for the component, each address and each relay, with its verdict. */
export function verdicts({ component, streamhosts, relays }: SelfTest): string[] {
  const line = (passed: boolean, text: string, reason: string) =>
    printable(passed ? `ok      ${text}` : `failed  ${text}: ${reason}`)
  const isUp = component === 'connected' || component === 'standby'
  return [
    line(isUp, `component ${component}`, 'the XMPP server has not accepted it; control’s log says why'),
    ...streamhosts.map(({ name, host, port, passed, reason, seconds, relays: by }) => {
      const address = `streamhost ${name || 'shared'} at ${host}:${port}`
      return line(passed, passed ? `${address} in ${seconds.toFixed(2)} s by ${by.join(', ')}` : address, reason)
    }),
    ...relays.map(({ name, passed, reason }) => line(passed, `relay ${name}`, reason)),
  ]
}
