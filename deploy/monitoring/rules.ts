import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

const recording = z.strictObject({ record: z.string(), expr: z.string() })

const alerting = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.url() }),
})

const file = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(z.union([recording, alerting])) })),
})

export type RecordingRule = z.infer<typeof recording>
export type AlertingRule = z.infer<typeof alerting>

/** The path of the rules. */
export const rulesFile = fileURLToPath(new URL('../../helm/splice65/files/rules.yaml', import.meta.url))

/** Reads the rules. Throws for one that lacks what each of ours has. */
export async function readRules(): Promise<{ records: RecordingRule[]; alerts: AlertingRule[] }> {
  const { groups } = file.parse(parse(await readFile(rulesFile, 'utf8')))
  const rules = groups.flatMap((group) => group.rules)
  return {
    records: rules.filter((rule) => 'record' in rule),
    alerts: rules.filter((rule) => 'alert' in rule),
  }
}
