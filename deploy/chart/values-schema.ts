import { z } from 'zod'
import type { JsonSchema } from './json-schema.ts'
import { chartValues } from './values.ts'

/**
 * The JSON Schema of the chart's values: draft-07, the newest that Helm 3 reads. Objects of ours refuse unknown keys and
 * demand none, since Helm lays what a user gives over `values.yaml` first.
 */
export function valuesSchema(): JsonSchema {
  const schema = z.toJSONSchema(chartValues, { target: 'draft-7', io: 'input' }) as JsonSchema
  return { ...schema, properties: { ...schema.properties, ...forParentCharts } }
}

/** What a chart that depends on this one may pass down, or decide its dependency by. */
const forParentCharts = {
  global: { type: 'object', description: 'Values that a parent chart shares; none is used.' },
  enabled: { type: 'boolean', description: 'For the condition of a parent chart.' },
}
