import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import { z } from 'zod'
import { startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './port.ts'
import { answersOk } from './readiness.ts'

/** What is scraped: host:port whose `/metrics` it is, and the labels that its series get. */
export interface ScrapeTarget {
  readonly address: string
  readonly labels: Readonly<Record<string, string>>
}

export interface PrometheusOptions {
  readonly targets: readonly ScrapeTarget[]
  readonly ruleFiles?: readonly string[]
  /** How often targets are scraped and rules evaluated. Default 1 s. */
  readonly intervalMs?: number
}

/** One series of an answer, with its value now. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** How the last evaluation of a rule went. */
export interface RuleHealth {
  readonly name: string
  readonly health: string
  readonly lastError?: string | undefined
}

/** A Prometheus on loopback that forgets everything when it stops. Whoever starts it stops it. */
export interface Prometheus extends AsyncDisposable {
  /** Evaluates a query now. Throws, with what Prometheus says, when it cannot. */
  query(expr: string): Promise<Series[]>
  /** Every rule, and how its last evaluation went. */
  rules(): Promise<RuleHealth[]>
}

const vector = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})
const ruleGroups = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
})

/** Starts prometheus with these targets and rules, and resolves when it answers. */
export async function startPrometheus({
  targets,
  ruleFiles = [],
  intervalMs = 1_000,
}: PrometheusOptions): Promise<Prometheus> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(temporaryFolder('prometheus'))
  const configFile = folder.file('prometheus.yml')
  await writeFile(configFile, configuration(targets, ruleFiles, intervalMs))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const arguments_ = {
    'config.file': configFile,
    'storage.tsdb.path': folder.file('data'),
    'web.listen-address': `127.0.0.1:${port}`,
    'log.level': 'warn',
  }
  opened.adopt(
    await startChild({
      name: `Prometheus on port ${port}`,
      command: 'prometheus',
      args: Object.entries(arguments_).map(([name, value]) => `--${name}=${value}`),
      logFile: folder.file('prometheus.log'),
      ready: answersOk(`${url}/-/ready`),
    }),
    async (child) => void (await child.stop()),
  )

  async function ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
    const text = await response.text()
    if (!response.ok) throw new Error(`Cannot ask Prometheus for ${path} of ${JSON.stringify(parameters)}: ${text}`)
    return JSON.parse(text)
  }

  const running = opened.move()
  return {
    async query(expr) {
      const { data } = vector.parse(await ask('query', { query: expr }))
      return data.result.map(({ metric: labels, value: [, value] }) => ({ labels, value: Number(value) }))
    },
    async rules() {
      const { data } = ruleGroups.parse(await ask('rules'))
      return data.groups.flatMap(({ rules }) => rules)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function configuration(targets: readonly ScrapeTarget[], ruleFiles: readonly string[], intervalMs: number): string {
  const interval = `${intervalMs}ms`
  const jobs = new Map<string, ScrapeTarget[]>()
  for (const target of targets) {
    const job = target.labels.job ?? 'splice65'
    jobs.set(job, [...(jobs.get(job) ?? []), target])
  }
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    scrape_configs: [...jobs].map(([job, members]) => ({
      job_name: job,
      static_configs: members.map(({ address, labels }) => ({ targets: [address], labels })),
    })),
  })
}
