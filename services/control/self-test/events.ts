import { Gauge } from 'prom-client'
import type { Logger } from '../../shared/runtime/log.ts'
import type { Metrics } from '../../shared/runtime/metrics.ts'
import type { SelfTestReport, StreamhostReport } from './report.ts'

/** What the self-test has to tell. */
export interface SelfTestEvents {
  /** Moves the metrics of every address, and tells of those whose state is another than last time. */
  selfTestEnded(report: SelfTestReport): void
  /** It could not even be carried out: a bug. */
  selfTestBroke(error: unknown): void
}

/** Builds the events of the self-test. Its metrics belong to `metrics`; an address that is advertised no more leaves them. */
export function createSelfTestEvents({
  log,
  metrics,
}: {
  readonly log: Logger
  readonly metrics: Metrics
}): SelfTestEvents {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['streamhost'], registers: [metrics] })
  const up = gauge(
    'splice65_self_test_up',
    '1 when bytes went through the advertised address at the last test, else 0.',
  )
  const duration = gauge('splice65_self_test_duration_seconds', 'How long the last test of the address took.')
  const lastSuccess = gauge(
    'splice65_self_test_last_success_timestamp_seconds',
    'When bytes last went through the address, in seconds since 1970.',
  )
  /** What was last told of each address: a reason, or that it passed. */
  let told = new Map<string, string>()

  function show({ name, outcome, seconds }: StreamhostReport): void {
    const streamhost = labelOf(name)
    up.set({ streamhost }, outcome === 'passed' ? 1 : 0)
    duration.set({ streamhost }, seconds)
    if (outcome === 'passed') lastSuccess.setToCurrentTime({ streamhost })
  }

  function tell({ name, host, port, outcome, reason, message }: StreamhostReport, before: string | undefined): void {
    const about = { streamhost: labelOf(name), host, port }
    if (outcome === 'failed') log.error({ ...about, reason, message }, 'no bytes go through an advertised address')
    else log.info(about, before === undefined ? 'bytes go through an advertised address' : 'the address works again')
  }

  return {
    selfTestEnded({ streamhosts }) {
      for (const name of told.keys()) {
        if (streamhosts.some((report) => report.name === name)) continue
        for (const metric of [up, duration, lastSuccess]) metric.remove({ streamhost: labelOf(name) })
      }
      const before = told
      told = new Map(streamhosts.map(({ name, outcome, reason }) => [name, reason ?? outcome]))
      for (const report of streamhosts) {
        show(report)
        if (before.get(report.name) !== told.get(report.name)) tell(report, before.get(report.name))
      }
    },
    selfTestBroke(error) {
      log.error({ err: error }, 'the self-test failed unexpectedly')
    },
  }
}

/** The main shared address has no name of its own. */
function labelOf(name: string): string {
  return name === '' ? 'shared' : name
}
