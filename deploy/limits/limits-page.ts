import { controlOptions } from '../../services/control/config.ts'
import { courierOptions } from '../../services/courier/config.ts'
import { relayOptions } from '../../services/relay/config.ts'
import { environmentName, type OptionSchema } from '../../services/shared/runtime/options.ts'
import { type Limit, limitGroups } from './limits.ts'

const schemas: Readonly<Record<Limit['service'], OptionSchema>> = {
  control: controlOptions,
  courier: courierOptions,
  relay: relayOptions,
}

/** Writes `LIMITS.md`: meaning and default of every limit as the services have them, and what is seen when it is reached. */
export function renderLimitsPage(): string {
  const chapters = limitGroups.flatMap(({ title, about, limits }) => [`## ${title}`, about, table(limits)])
  return `${[
    '# Limits',
    '<!-- Written by `npm run generate:limits` from the options of the services and deploy/limits/limits.ts. -->',
    `Every limit of splice65, with its default, what a client sees that reaches it and where an operator reads it. Options are
environment variables, or \`relay.options\`, \`control.options\` and \`courier.options\` of the chart. Every refusal is counted by its reason
from 0 on; [METRICS.md](deploy/METRICS.md) has the metrics, [RUNBOOK.md](deploy/RUNBOOK.md) what to do about them.`,
    ...chapters,
  ].join('\n\n')}\n`
}

function table(limits: readonly Limit[]): string {
  const rows = limits.map((limit) => {
    const name = environmentName(limit.service, limit.option)
    const meaning = schemas[limit.service].shape[limit.option]?.description ?? ''
    return [`\`${name}\``, meaning, defaultOf(limit), limit.client, limit.operator]
  })
  const header = [
    ['limit', 'meaning', 'default', 'what the client sees', 'what the operator sees'],
    ['---', '---', '---', '---', '---'],
  ]
  return [...header, ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

function defaultOf({ service, option, otherwise }: Limit): string {
  const value = schemas[service].shape[option]?.safeParse(undefined).data
  if (value === undefined) return otherwise ?? ''
  if (value === 0) return 'none'
  return typeof value === 'number' ? quantity(option, value) : String(value)
}

/** A number in the unit that the option's name ends with. */
function quantity(option: string, value: number): string {
  if (/Ms$/.test(option)) return value % 60_000 === 0 ? `${value / 60_000} min` : `${value / 1_000} s`
  if (/Bytes$/.test(option) && value % 1_048_576 === 0) return `${value / 1_048_576} MiB`
  return String(value)
}
