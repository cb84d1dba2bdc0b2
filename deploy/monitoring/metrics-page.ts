import type { Metrics } from '../../services/shared/runtime/metrics.ts'
import { runForMetrics } from './service-metrics.ts'

/** One metric as its registry describes it. */
export interface MetricDescription {
  readonly name: string
  readonly type: string
  readonly labels: readonly string[]
  readonly help: string
}

/** Writes `deploy/METRICS.md` from the registries of a relay, a control and a courier that run. */
export async function renderMetricsPage(): Promise<string> {
  await using services = await runForMetrics()
  const relay = describeMetrics(services.relay)
  const control = describeMetrics(services.control)
  const courier = describeMetrics(services.courier)
  const inBoth = (metric: MetricDescription) => control.some(({ name }) => name === metric.name)
  const own = (metrics: readonly MetricDescription[], others: readonly MetricDescription[]) =>
    metrics.filter(({ name }) => !others.some((other) => other.name === name))
  const shared = relay.filter(inBoth)
  const ours = ({ name }: MetricDescription) => name.startsWith('splice65_')
  return `${[
    '# Metrics',
    '<!-- Written by `npm run generate:monitoring` from the services themselves. -->',
    `What \`/metrics\` of a relay (port 9091), of control (9090) and of a courier (9092) shows. Where the values of a label are known
beforehand, its series are there from the start, at 0. No label takes its values from what clients send.
Which of them to look at, and when: [RUNBOOK.md](RUNBOOK.md).`,
    '## Relay',
    table(own(relay, control)),
    '## Control',
    table(own(control, relay)),
    '## Courier',
    table(own(courier, relay)),
    '## Relay and control',
    table(shared.filter(ours)),
    '## Of the process, from prom-client',
    `Without its \`nodejs_active_{handles,requests,resources}_total\`: gauges under the name of a counter. The same
figures are in the gauges of that name without \`_total\`, by type.`,
    table(shared.filter((metric) => !ours(metric))),
  ].join('\n\n')}\n`
}

/** Every metric of a registry, by name. */
export function describeMetrics(metrics: Metrics): MetricDescription[] {
  return metrics
    .getMetricsAsArray()
    .map((metric) => ({
      name: metric.name,
      type: String(metric.type),
      help: metric.help,
      // prom-client keeps them on every metric and leaves them out of its types.
      labels: 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function table(metrics: readonly MetricDescription[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${type} | ${named} | ${help.replaceAll('|', '\\|')} |`
  })
  return ['| name | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n')
}
