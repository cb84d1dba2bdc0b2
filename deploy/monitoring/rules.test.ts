import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { describeMetrics } from './metrics-page.ts'
import { unknownMetricsIn } from './named-metrics.ts'
import { promtool } from './promtool.ts'
import { readRules, rulesFile } from './rules.ts'
import { runForMetrics } from './service-metrics.ts'

const tests = fileURLToPath(new URL('./tests/', import.meta.url))
const runbook = new URL('../RUNBOOK.md', import.meta.url)
const runbookUrl = 'https://github.com/splice65/splice65/blob/main/deploy/RUNBOOK.md'

/** One test of `tests/`, as far as it is looked at here. */
interface RuleTest {
  readonly name: string
  readonly promql_expr_test?: readonly { readonly exp_samples: readonly { readonly labels: string }[] }[]
}

describe('The rules', () => {
  it('are good Prometheus', async () => {
    assert.match(await promtool(['check', 'rules', rulesFile]), /SUCCESS/)
  })

  it('fire when they should, and only then', async () => {
    await promtool(['test', 'rules', ...(await testFiles())])
  })

  it('name only metrics that the services have, and records that the rules make', async () => {
    await using services = await runForMetrics()
    const { records, alerts } = await readRules()
    const known = [
      ...[services.relay, services.control, services.courier].flatMap(describeMetrics),
      ...records.map(({ record }) => ({ name: record, type: 'gauge' })),
    ]
    for (const { expr } of [...records, ...alerts]) assert.deepEqual(unknownMetricsIn(expr, known), [])
  })

  it('are called by names of their own', async () => {
    const { records, alerts } = await readRules()
    const names = [...records.map(({ record }) => record), ...alerts.map(({ alert }) => alert)]
    assert.deepEqual(names, [...new Set(names)])
    for (const { alert } of alerts) assert.match(alert, /^Splice65[A-Z]/)
  })
})

describe('Every alert', () => {
  it('has a test in which it alone fires, and one in which nothing does', async () => {
    const files = await Promise.all((await testFiles()).map((path) => readFile(path, 'utf8')))
    const cases = files.flatMap((text): readonly RuleTest[] => parse(text).tests)
    const firing = (test: RuleTest) =>
      test.promql_expr_test?.flatMap((it) => it.exp_samples.map(({ labels }) => labels))
    for (const { alert } of (await readRules()).alerts) {
      const about = cases.filter(({ name }) => name.startsWith(`${alert} `))
      assert.ok(
        about.some((test) => firing(test)?.join() === `{alertname="${alert}"}`),
        `${alert} fires`,
      )
      assert.ok(
        about.some((test) => firing(test)?.length === 0),
        `${alert} keeps silent`,
      )
    }
  })

  it('is explained in the runbook, which explains no other', async () => {
    const { alerts } = await readRules()
    for (const { alert, annotations } of alerts) {
      assert.equal(annotations.runbook_url, `${runbookUrl}#${alert.toLowerCase()}`)
    }
    const headings = [...(await readFile(runbook, 'utf8')).matchAll(/^## (Splice65\w*)$/gm)].map(([, name]) => name)
    assert.deepEqual(
      headings,
      alerts.map(({ alert }) => alert),
    )
  })
})

async function testFiles(): Promise<string[]> {
  return (await readdir(tests)).map((name) => `${tests}${name}`)
}
