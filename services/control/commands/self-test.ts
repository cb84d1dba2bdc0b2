import { Failure } from '../../shared/bytestream/failure.ts'
import { type Command, type Note, nodeOf } from '../../shared/commands/command.ts'
import type { SelfTestReport, StreamhostReport } from '../self-test/report.ts'
import type { SelfTest } from '../self-test/self-test.ts'

/** Sends bytes through every advertised address now. `patienceMs`: clients wait no longer than half a minute. */
export function selfTestCommand(
  { selfTest }: { readonly selfTest: Pick<SelfTest, 'run'> },
  { patienceMs = 25_000 }: { readonly patienceMs?: number } = {},
): Command {
  return {
    node: nodeOf('self-test'),
    name: 'Test the advertised addresses',
    async run() {
      const patience = AbortSignal.timeout(patienceMs)
      const report = await selfTest.run(patience).catch((error: unknown) => {
        throw patience.aborted
          ? new Failure('unavailable', `The self-test is not over after ${patienceMs / 1_000} s`)
          : error
      })
      return { notes: notesOf(report), form: { table: { columns, rows: report.streamhosts.map(rowOf) } } }
    },
  }
}

function notesOf({ component, streamhosts, relays }: SelfTestReport): Note[] {
  const failed = streamhosts.filter(({ outcome }) => outcome === 'failed').length
  return [
    failed === 0
      ? { type: 'info', text: 'Bytes go through every advertised address' }
      : { type: 'warn', text: `No bytes go through ${failed} of ${streamhosts.length} advertised addresses` },
    ...relays
      .filter(({ reached }) => !reached)
      .map(({ name }): Note => ({ type: 'warn', text: `No connection came to ${name}` })),
    { type: 'info', text: `The component is ${component}` },
  ]
}

const columns = [
  { name: 'streamhost', label: 'Streamhost' },
  { name: 'host', label: 'Host' },
  { name: 'port', label: 'Port' },
  { name: 'outcome', label: 'Outcome' },
  { name: 'reason', label: 'Reason' },
  { name: 'message', label: 'What happened' },
  { name: 'seconds', label: 'Seconds' },
  { name: 'relays', label: 'Relays' },
]

function rowOf(report: StreamhostReport): (string | number)[] {
  const { name, host, port, outcome, reason = '', message = '', seconds, relays } = report
  return [name, host, port, outcome, reason, message, seconds.toFixed(3), relays.join(' ')]
}
